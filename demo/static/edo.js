/* The EDO window: carries the portal's calls to the agent and the agent's answers back. All checks are the portal's. */

import { Agent, AgentProblem } from "./agent.js";

const edo = document.getElementById("edo");
const message = document.getElementById("message");
const base = `/acts/${edo.dataset.act}`;

let agent = null;
let wasAborted = false;
let decideAgain = () => {};

class PortalProblem extends Error {
  constructor(code, facts = [], technical = "") {
    super(code);
    this.code = code;
    this.facts = facts;
    this.technical = technical;
  }
}

// --- messages ---

function show(templateId, fill = () => {}) {
  const part = document.getElementById(templateId).content.cloneNode(true);
  fill(part);
  message.replaceChildren(part);
  message.scrollIntoView({ block: "nearest" });
}

function waiting(name) {
  show(`waiting-${name}`, (part) => part.querySelector("[data-abort]")?.addEventListener("click", abort));
}

function showProblem({ code, facts = [], technical = "" }) {
  const known = document.getElementById(`problem-${code}`) ? code : "portal-error";
  show(`problem-${known}`, (part) => {
    const list = part.querySelector("[data-part=facts]");
    if (list && facts.length) {
      list.hidden = false;
      list.append(...facts.map(([label, value]) => factRow(label, value)));
    }
    const details = part.querySelector("[data-part=technical]");
    if (details && technical) {
      details.hidden = false;
      details.querySelector("[data-part=technical-text]").textContent = technical;
    }
    const wayOut = part.querySelector("[data-way-out]");
    wayOut?.addEventListener("click", () => takeWayOut(wayOut.dataset.wayOut));
  });
}

function factRow(label, value) {
  const row = document.createElement("div");
  const term = document.createElement("dt");
  const description = document.createElement("dd");
  term.textContent = label;
  description.textContent = value;
  row.append(term, description);
  return row;
}

// --- the portal and the agent ---

async function post(path, body = {}) {
  let response;
  try {
    response = await fetch(base + path, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": edo.dataset.csrf },
      body: JSON.stringify(body),
    });
  } catch (error) {
    throw new PortalProblem("portal-unreachable", [], String(error));
  }
  const answer = await response.json().catch(() => ({ problem: "portal-error", technical: `HTTP ${response.status}` }));
  if (!response.ok) throw new PortalProblem(answer.problem, answer.facts, answer.technical);
  return answer;
}

/* One round: the portal prepares a call, the person signs in the agent, the portal checks. `wish` goes with both. */
async function round(path, { wish = {}, ...body } = {}) {
  wasAborted = false;
  waiting("connection");
  const { call, nonce } = await post(path, { ...wish, ...body });
  agent = new Agent(edo.dataset.agent);
  try {
    await agent.connect({ onPermissionPrompt: () => waiting("permission") });
    waiting("person");
    const signature = await agent.sign(call);
    waiting("check");
    return await post(`${path}/answer`, { ...(nonce ? { nonce } : {}), ...wish, signature });
  } catch (problem) {
    throw wasAborted ? new AgentProblem("cancelled") : problem;
  } finally {
    agent.close();
    agent = null;
  }
}

function abort() {
  wasAborted = true;
  agent?.close();
}

/* Does `work` with all buttons and choices off, and shows what went wrong. On success the portal shows the next step. */
async function busy(work) {
  const buttons = [...edo.querySelectorAll("button:not([data-abort]), input")];
  for (const button of buttons) button.disabled = true;
  edo.ariaBusy = "true";
  try {
    await work();
    location.reload();
  } catch (problem) {
    for (const button of buttons) button.disabled = false;
    const isKnown = problem instanceof AgentProblem || problem instanceof PortalProblem;
    showProblem(isKnown ? problem : { code: "portal-error", technical: String(problem) });
  } finally {
    edo.ariaBusy = "false";
  }
}

// --- the person ---

/* How the person wants to sign. A refusal is no PDF: its signature is always a file of its own. */
function wishes({ mayBeInside }) {
  const format = mayBeInside ? document.querySelector("[name=format]:checked").value : "cms";
  return { format, timestamp: document.getElementById("timestamp").checked ? "yes" : "no" };
}

function sign() {
  decideAgain = sign;
  busy(() => round("/signature", { wish: wishes({ mayBeInside: true }) }));
}

function refuse() {
  decideAgain = refuse;
  const reason = document.getElementById("reason").value;
  busy(() => round("/refusal", { wish: wishes({ mayBeInside: false }), reason }));
}

/* What a problem offers: the same decision once more, in a way that is sure to work. */
function takeWayOut(name) {
  if (name === "without-timestamp") document.getElementById("timestamp").checked = false;
  if (name === "separate-file") document.querySelector("[name=format][value=cms]").checked = true;
  decideAgain();
}

function on(id, event, listener) {
  document.getElementById(id)?.addEventListener(event, listener);
}

function showRefusal(isShown) {
  document.getElementById("refusal").hidden = !isShown;
  document.getElementById("decision").hidden = isShown;
  document.getElementById("format").hidden = isShown;
  message.replaceChildren();
  document.getElementById(isShown ? "reason" : "refuse").focus();
}

if (edo.dataset.step !== "done") {
  on("identify", "click", () => busy(() => round("/identification")));
  on("sign-act", "click", sign);
  on("forget", "click", () => busy(() => post("/identification/forget")));
  on("refuse", "click", () => showRefusal(true));
  on("refusal-back", "click", () => showRefusal(false));
  on("refusal", "submit", (event) => {
    event.preventDefault();
    refuse();
  });
}
