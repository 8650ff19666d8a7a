/* The EDO window: carries the portal's calls to the agent and the agent's answers back. All checks are the portal's.

What goes wrong between page and agent is told by the client in /static/sdk (sdk/README.md). The portal has words of its own for most of it:

    permission-denied  permission-dismissed  insecure-page  agent-untrusted  agent-unreachable  agent-silent  agent-gone  cancelled
    agent-error            the agent answered with an error
    timestamp-failed       it got no timestamp, so it did not sign
    pdf-not-signed         it can't sign inside a PDF, or not inside this one: an extension that not every program has (docs/api/pdf.md)
    agent-told             all else, in the client's own words
*/

import { connect, QalamsapError, resultOf } from "./sdk/index.js";

const edo = document.getElementById("edo");
const message = document.getElementById("message");
const base = `/acts/${edo.dataset.act}`;
const PROBLEMS = {
  LNA_DENIED: "permission-denied",
  LNA_PROMPT: "permission-dismissed",
  INSECURE_PAGE: "insecure-page",
  TLS_UNTRUSTED: "agent-untrusted",
  NOT_RUNNING: "agent-unreachable",
  SILENT: "agent-silent",
  GONE: "agent-gone",
  CANCELLED: "cancelled",
  AGENT: "agent-error",
};
// Other programs than ours name the timestamp in their own words.
const OF_TIMESTAMPS = /timestamp|time.stamp|\bts[ap]\b/i;

let stopper = new AbortController();
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

function showProblem({ code, facts = [], technical = "", told = [] }) {
  const known = document.getElementById(`problem-${code}`) ? code : "portal-error";
  show(`problem-${known}`, (part) => {
    part.querySelectorAll("[data-part=told]").forEach((place, index) => (place.textContent = told[index] ?? ""));
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
  stopper = new AbortController();
  const { signal } = stopper;
  waiting("connection");
  const { call, nonce, login } = await post(path, { ...wish, ...body });
  const agent = await connect({ url: edo.dataset.agent, signal, onPermissionPrompt: () => waiting("permission") });
  let proof;
  try {
    waiting("person");
    // A login is bound to this page's origin, so nobody can relay it. An NCALayer signs the challenge as a text, and so does an agent for a page
    // that anybody on the way could have written.
    if (login && isSecureContext && agent.supports("login")) proof = { login: (await agent.login({ ...login, signal })).login };
    else proof = { signature: signatureIn(await agent.call(call, { signal })) };
  } catch (error) {
    throw error.code === "AGENT" ? refusal(error, call.args) : error;
  } finally {
    agent.close();
  }
  waiting("check");
  return await post(`${path}/answer`, { ...(nonce ? { nonce } : {}), ...wish, ...proof });
}

/* Text of the CMS, or the signed PDF in base64. Programs before October 2024 answer with the text itself, later ones with an array of one. */
function signatureIn(answer) {
  const [signature] = [resultOf(answer)].flat();
  if (typeof signature === "string" && signature !== "") return signature;
  throw new PortalProblem("agent-error", [], "no signature in the answer");
}

/* Where the portal has a way out of an error of the agent, the problem that offers it. */
function refusal(error, { format, signingParams }) {
  const { agentCode, detail } = error;
  if (agentCode === "INVALID_SIGNING_PARAMS" && format === "pdf") return new PortalProblem("pdf-not-signed", [], detail);
  const isOfTimestamp = agentCode === "SIGNING_FAILURE" && signingParams.tsaProfile && OF_TIMESTAMPS.test(detail);
  return isOfTimestamp ? new PortalProblem("timestamp-failed", [], detail) : error;
}

function abort() {
  stopper.abort();
}

/* What the person is shown of an error. */
function problemOf(error) {
  if (error instanceof PortalProblem) return error;
  if (!(error instanceof QalamsapError)) return { code: "portal-error", technical: String(error) };
  return { code: PROBLEMS[error.code] ?? "agent-told", technical: error.detail, told: [error.message, error.advice] };
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
    showProblem(problemOf(problem));
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
  // On a slow line the page is seen long before this script: what is pressed till now would be lost.
  for (const button of edo.querySelectorAll("[data-awaits-script]")) button.disabled = false;
}
