/* The EDO window: carries the portal's calls to the agent and the agent's answers back. All checks are the portal's. */

import { Agent, AgentProblem } from "./agent.js";

const edo = document.getElementById("edo");
const message = document.getElementById("message");
const base = `/acts/${edo.dataset.act}`;

let agent = null;
let wasAborted = false;

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

/* One round: the portal prepares a call, the person signs in the agent, the portal checks. */
async function round(path, body = {}) {
  wasAborted = false;
  waiting("connection");
  const { call, nonce } = await post(path, body);
  agent = new Agent(edo.dataset.agent);
  try {
    await agent.connect({ onPermissionPrompt: () => waiting("permission") });
    waiting("person");
    const signature = await agent.sign(call);
    waiting("check");
    return await post(`${path}/answer`, nonce ? { nonce, signature } : { signature });
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

/* Does `work` with all buttons off, and shows what went wrong. On success the portal shows the next step. */
async function busy(work) {
  const buttons = [...edo.querySelectorAll("button:not([data-abort])")];
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

function on(id, event, listener) {
  document.getElementById(id)?.addEventListener(event, listener);
}

function showRefusal(isShown) {
  document.getElementById("refusal").hidden = !isShown;
  document.getElementById("decision").hidden = isShown;
  message.replaceChildren();
  document.getElementById(isShown ? "reason" : "refuse").focus();
}

if (edo.dataset.step !== "done") {
  on("identify", "click", () => busy(() => round("/identification")));
  on("sign-act", "click", () => busy(() => round("/signature")));
  on("forget", "click", () => busy(() => post("/identification/forget")));
  on("refuse", "click", () => showRefusal(true));
  on("refusal-back", "click", () => showRefusal(false));
  on("refusal", "submit", (event) => {
    event.preventDefault();
    busy(() => round("/refusal", { reason: document.getElementById("reason").value }));
  });
}
