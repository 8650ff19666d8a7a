/* The way to an agent on this computer, and why there is none, as far as a browser lets a page see. */

import { Qalamsap } from "./agent.js";
import { closeText, Connection, isBusy, MODULE } from "./connection.js";
import { pageLanguage, QalamsapError } from "./errors.js";
import { NCALayer } from "./ncalayer.js";

const CONNECT_MS = 10_000;
// The socket waits while the browser asks for permission, and people read slowly.
const CONNECT_WITH_PROMPT_MS = 180_000;
const PROMPT_HINT_MS = 800;
const ANSWER_MS = 10_000;
const FAILED = 1006;
const CLOSE_AFTER_ERROR_MS = 100; // Node's own WebSocket says no more after an error
const TLS_FAILED = 1015; // only Firefox says so; Chromium has 1006 for everything
const PERMISSIONS = ["loopback-network", "local-network-access"]; // the second is the name before Chromium 145
const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/* What the browser says about reaching programs on this computer: "granted", "prompt", "denied", or "unknown". Asks nobody. */
export async function permission() {
  // A page that itself comes from this computer is not asked.
  if (LOOPBACK_NAMES.includes(globalThis.location?.hostname)) return "unknown";
  for (const name of PERMISSIONS) {
    try {
      return (await navigator.permissions.query({ name })).state;
    } catch {
      // This browser does not know that name, or of no permissions at all.
    }
  }
  return "unknown";
}

/* Connects to Qalamsap or NCALayer. The browser asks the person for its permission during this call, so make it after a click. */
export async function connect({
  url = "wss://127.0.0.1:13579/",
  language = pageLanguage(),
  onPermissionPrompt = () => undefined,
  signal,
  WebSocket = globalThis.WebSocket,
} = {}) {
  const context = { language, help: url.replace(/^ws/, "http") };
  const way = { url, context, signal, onPermissionPrompt, before: await permission(), violations: [] };
  const onViolation = (event) => way.violations.push(event);
  globalThis.document?.addEventListener("securitypolicyviolation", onViolation);
  let socket;
  try {
    signal?.throwIfAborted();
    socket = await opened(way, WebSocket);
    return await introduced(socket, way);
  } catch (error) {
    socket?.close();
    throw signal?.aborted ? QalamsapError.ofAbort(signal, context) : error;
  } finally {
    globalThis.document?.removeEventListener("securitypolicyviolation", onViolation);
  }
}

async function opened(way, WebSocket) {
  const began = performance.now();
  let socket;
  try {
    socket = new WebSocket(way.url);
    socket.binaryType = "arraybuffer";
    const open = (settle) => (socket.onopen = settle);
    // From the start: in Node the greeting, or the end, can come in one breath with the opening.
    way.message = inboxOf(socket);
    way.ended = new Promise((resolve) => (socket.onclose = resolve));
    await hinting(way, (limitMs) => settled(socket, way, open, limitMs));
    return socket;
  } catch (closed) {
    socket?.close();
    const isOfPage = closed instanceof Error && closed.name !== "SecurityError"; // no WebSocket here, or no such address
    if (isOfPage || way.signal?.aborted) throw closed;
    throw await whyNot(way, closed, performance.now() - began);
  }
}

/* Who answers: the greeting is the same everywhere, and only Qalamsap knows its own module. */
async function introduced(socket, way) {
  const silent = (detail) => new QalamsapError("SILENT", { ...way.context, detail });
  const heard = async (what) => {
    const data = await settled(socket, way, way.message, ANSWER_MS).catch((closed) => {
      if (isBusy(closed)) throw new QalamsapError("BUSY", { ...way.context, detail: closeText(closed) });
      throw silent(`${what} did not come: ${closeText(closed)}`);
    });
    try {
      return JSON.parse(data);
    } catch {
      throw silent(`${what} is not JSON`);
    }
  };
  const version = (await heard("the greeting"))?.result?.version;
  if (!version) throw silent("the first message is not a greeting");
  socket.send(JSON.stringify({ module: MODULE, id: "hello", method: "capabilities", params: {} }));
  const answer = await heard("the answer to capabilities");
  if (answer?.module !== MODULE) return new NCALayer(new Connection(socket, way.context), version);
  if (answer.error) throw QalamsapError.ofAgent(answer.error, way.context);
  const { methods, formats, limits } = Object(answer.result);
  if (!methods?.includes || !formats?.includes || !limits) throw silent("the answer to capabilities names none");
  return new Qalamsap(new Connection(socket, way.context), answer.result);
}

/* What `begin` settles. Rejects with {code, reason} when the socket closes or the time is over, and when the page gives up. */
function settled(socket, { ended, signal }, begin, limitMs) {
  return new Promise((resolve, reject) => {
    let failure = "";
    const timer = setTimeout(() => finish(reject, { code: 0, reason: "no answer in time" }), limitMs);
    const giveUp = () => finish(reject, { code: 0, reason: "ended by the page" });
    const finish = (settle, value) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
      settle(value);
    };
    signal?.addEventListener("abort", giveUp);
    ended.then(({ code, reason }) => finish(reject, { code, reason: reason || failure }));
    socket.onerror = ({ message = "" }) => {
      failure = message; // Node says why; browsers don't
      setTimeout(() => finish(reject, { code: FAILED, reason: failure }), CLOSE_AFTER_ERROR_MS);
    };
    begin((value) => finish(resolve, value));
    if (signal?.aborted) giveUp();
  });
}

/* Keeps messages until somebody asks for them, one by one. */
function inboxOf(socket) {
  const kept = [];
  let waiting = null;
  const hand = () => {
    if (!waiting || !kept.length) return;
    const settle = waiting;
    waiting = null;
    settle(kept.shift());
  };
  socket.onmessage = ({ data }) => {
    kept.push(data);
    hand();
  };
  return (settle) => {
    waiting = settle;
    hand();
  };
}

/* Does what may make the browser ask the person, with time for that, and tells the page when it seems to be asking. */
async function hinting({ before, onPermissionPrompt }, work) {
  if (before !== "prompt") return work(CONNECT_MS);
  const hint = setTimeout(onPermissionPrompt, PROMPT_HINT_MS);
  try {
    return await work(CONNECT_WITH_PROMPT_MS);
  } finally {
    clearTimeout(hint);
  }
}

/* Why a socket did not open. What the browser says in so many words comes first, what must be concluded comes last. */
async function whyNot(way, closed, elapsedMs) {
  const facts = [`${closeText(closed)} after ${Math.round(elapsedMs)} ms`, `permission before: ${way.before}`];
  const error = (code) => new QalamsapError(code, { ...way.context, detail: facts.join("; ") });
  await new Promise((resolve) => setTimeout(resolve)); // a violation is told after the socket has closed
  const rule = ruleOfPage(way, closed);
  if (rule) {
    facts.push(rule);
    return error("POLICY_BLOCKED");
  }
  if (closed.code === TLS_FAILED) return error("TLS_UNTRUSTED");
  const gate = await gateOfBrowser(elapsedMs);
  if (gate) return error(gate);
  if (closed.code === 0) return error("TIMED_OUT");
  const began = performance.now();
  const probe = await hinting(way, (limitMs) => plainProbe(way, limitMs));
  facts.push(`plain HTTP: ${probe}`);
  if (probe === "answers") return error("TLS_UNTRUSTED");
  return error((await gateOfBrowser(performance.now() - began)) ?? "NOT_RUNNING");
}

/* The rule of the page itself that kept the socket from opening: its Content-Security-Policy or Permissions-Policy. */
function ruleOfPage({ url, violations }, closed) {
  const isOurs = ({ blockedURI, disposition }) =>
    disposition === "enforce" && (blockedURI === new URL(url).protocol.slice(0, -1) || blockedURI.startsWith(url.replace(/\/$/, "")));
  const violation = violations.find(isOurs);
  if (violation) return `Content-Security-Policy of the page: ${violation.effectiveDirective} has no ${url}`;
  if (closed.name === "SecurityError") return "SecurityError";
  const policy = globalThis.document?.featurePolicy;
  const feature = PERMISSIONS.find((name) => policy?.features().includes(name));
  return feature && !policy.allowsFeature(feature) ? `Permissions-Policy of the page: ${feature} is off (in a frame: allow="${feature}")` : "";
}

async function gateOfBrowser(elapsedMs) {
  const after = await permission();
  if (after !== "unknown" && globalThis.isSecureContext === false) return "INSECURE_PAGE"; // such a page is not even asked
  if (after === "denied") return "LNA_DENIED";
  // Hardly anybody is as quick as a refused connection: if it took long under "prompt", a question was on the screen.
  return after === "prompt" && elapsedMs > 2 * PROMPT_HINT_MS ? "LNA_PROMPT" : null;
}

/* Whether Qalamsap answers plain HTTP on its port (it does, whatever the certificate): "answers", "no answer", "not allowed". */
async function plainProbe({ url, violations, signal }, limitMs) {
  if (!url.startsWith("wss:")) return "not asked";
  const known = violations.length;
  const ends = AbortSignal.any([AbortSignal.timeout(limitMs), ...(signal ? [signal] : [])]);
  try {
    await fetch(url.replace("wss:", "http:"), { mode: "no-cors", cache: "no-store", credentials: "omit", signal: ends });
    return "answers";
  } catch {
    await new Promise((resolve) => setTimeout(resolve));
    return violations.length > known ? "not allowed by the page's Content-Security-Policy" : "no answer";
  }
}
