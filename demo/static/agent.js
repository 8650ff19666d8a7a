/*
The page's client of the signing agent: one WebSocket, one call at a time.

    const agent = new Agent("wss://127.0.0.1:13579/");
    await agent.connect({ onPermissionPrompt });     // waits for the agent's greeting
    const signature = await agent.sign(call);        // text of the CMS, or the signed PDF in base64
    agent.close();

Whatever goes wrong is an AgentProblem with one of these codes, told apart as far as a browser lets a page see:

    permission-denied      the browser forbids this site to reach programs on this computer (Local Network Access)
    permission-dismissed   the browser asked, and nobody answered "allow"
    insecure-page          the page itself came over http://, so the browser does not even ask
    agent-untrusted        TLS failed. Only Firefox says so (close code 1015)
    agent-unreachable      nothing answered, or TLS failed: Chromium gives 1006 for both, and no timing or second address
                           that a page may try tells them apart; a person who opens the agent's own page sees which it is
    agent-silent           something answered, but not as the agent does
    agent-gone             the connection ended while the agent was working
    agent-error            the agent answered with an error
    timestamp-failed       it got no timestamp, so it did not sign
    pdf-not-signed         it can't sign inside a PDF, or not inside this one: an extension that not every program has (docs/api/pdf.md)
    cancelled              the person said no in the agent's window
*/

const CONNECT_MS = 10_000;
// The socket waits while the browser asks for permission, and people read slowly.
const CONNECT_WITH_PROMPT_MS = 180_000;
const PROMPT_HINT_MS = 800;
const GREETING_MS = 5_000;
const HEARTBEAT_MS = 10_000;
const HEARTBEATS_MISSED = 3;
const HEARTBEAT = "--heartbeat--";
const TLS_FAILED = 1015;
// Other programs than ours name the timestamp in their own words.
const OF_TIMESTAMPS = /timestamp|time.stamp|\bts[ap]\b/i;
const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];

export class AgentProblem extends Error {
  constructor(code, technical = "") {
    super(technical || code);
    this.code = code;
    this.technical = technical;
  }
}

/* What the browser says about reaching programs on this computer: "granted", "prompt", "denied", or "unknown". */
export async function loopbackPermission() {
  // A page that itself comes from this computer is not asked.
  if (LOOPBACK_NAMES.includes(location.hostname) || !navigator.permissions) return "unknown";
  for (const name of ["loopback-network", "local-network-access"]) {
    try {
      return (await navigator.permissions.query({ name })).state;
    } catch {
      // This browser does not know that name; the older one comes next.
    }
  }
  return "unknown";
}

/* The signature in the answer to a call of basics.sign: text, or an array of one since October 2024. */
export function signatureIn(answer, call) {
  if (answer?.status !== true || typeof answer.body !== "object" || answer.body === null) {
    throw refusal(answer, call.args);
  }
  if (!Object.hasOwn(answer.body, "result")) throw new AgentProblem("cancelled");
  const result = Array.isArray(answer.body.result) ? answer.body.result[0] : answer.body.result;
  if (typeof result !== "string" || result === "") throw new AgentProblem("agent-error", "no signature in the answer");
  return result;
}

/* Why the agent did not sign, as far as its answer tells. */
function refusal(answer, { format, signingParams }) {
  if (answer?.message === "action.canceled") return new AgentProblem("cancelled");
  const code = answer?.errorCode ?? answer?.code;
  const technical = [code, answer?.message, answer?.details].filter(Boolean).join(": ").slice(0, 600);
  if (code === "INVALID_SIGNING_PARAMS" && format === "pdf") return new AgentProblem("pdf-not-signed", technical);
  if (code === "SIGNING_FAILURE" && signingParams.tsaProfile && OF_TIMESTAMPS.test(answer.details ?? "")) {
    return new AgentProblem("timestamp-failed", technical);
  }
  return new AgentProblem("agent-error", technical);
}

export class Agent {
  #url;
  #socket = null;
  #pending = null;
  #onPageHide = () => this.close();

  constructor(url) {
    this.#url = url;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /* Opens the socket and waits for the greeting. `onPermissionPrompt` is called when the browser seems to be asking. */
  async connect({ onPermissionPrompt = () => {} } = {}) {
    const before = await loopbackPermission();
    const began = performance.now();
    const hint = before === "prompt" ? setTimeout(onPermissionPrompt, PROMPT_HINT_MS) : 0;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    // A page in the back/forward cache would keep its socket, and the agent its window.
    addEventListener("pagehide", this.#onPageHide);
    try {
      await opened(socket, before === "prompt" ? CONNECT_WITH_PROMPT_MS : CONNECT_MS);
    } catch (closed) {
      this.close();
      throw await connectProblem(closed, before, performance.now() - began);
    } finally {
      clearTimeout(hint);
    }
    try {
      return await greeting(socket);
    } catch (problem) {
      this.close();
      throw problem;
    }
  }

  /* Sends a call of basics.sign and gives the signature. The person may take minutes; heartbeats show that the agent lives. */
  async sign(call) {
    return signatureIn(await this.call(call), call);
  }

  call(request) {
    if (this.#pending) throw new Error("one call at a time");
    const socket = this.#socket;
    if (!this.isOpen) throw new AgentProblem("agent-gone", "not connected");
    this.#pending = new Promise((resolve, reject) => {
      let unanswered = 0;
      const pulse = setInterval(() => {
        unanswered += 1;
        if (unanswered > HEARTBEATS_MISSED) socket.close();
        else if (socket.readyState === WebSocket.OPEN) socket.send(HEARTBEAT);
      }, HEARTBEAT_MS);
      const finish = (settle, value) => {
        clearInterval(pulse);
        socket.onmessage = socket.onclose = null;
        this.#pending = null;
        settle(value);
      };
      socket.onmessage = ({ data }) => {
        unanswered = 0;
        if (data === HEARTBEAT) return;
        try {
          finish(resolve, JSON.parse(data));
        } catch {
          finish(reject, new AgentProblem("agent-error", "the answer is not JSON"));
        }
      };
      socket.onclose = (event) => finish(reject, new AgentProblem("agent-gone", closeText(event)));
      socket.send(JSON.stringify(request));
    });
    return this.#pending;
  }

  /* Hangs up; a call that was waiting fails as "agent-gone", and the agent closes its window. */
  close() {
    removeEventListener("pagehide", this.#onPageHide);
    this.#socket?.close(1000);
    this.#socket = null;
  }
}

function opened(socket, timeoutMs) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject({ code: 0, reason: "no answer in time" }), timeoutMs);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.onclose = (event) => {
      clearTimeout(timer);
      reject(event);
    };
  });
}

function greeting(socket) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new AgentProblem("agent-silent", "no greeting")), GREETING_MS);
    socket.onmessage = ({ data }) => {
      clearTimeout(timer);
      try {
        const { version } = JSON.parse(data).result;
        socket.onmessage = socket.onclose = null;
        resolve(version);
      } catch {
        reject(new AgentProblem("agent-silent", "the first message is not a greeting"));
      }
    };
    socket.onclose = (event) => {
      clearTimeout(timer);
      reject(new AgentProblem("agent-silent", closeText(event)));
    };
  });
}

/* Why a socket did not open, from what a page can see: the permission before and after, the close code, the time it took. */
async function connectProblem(closed, before, elapsedMs) {
  const after = await loopbackPermission();
  const technical = `${closeText(closed)}; permission ${before} → ${after}; ${Math.round(elapsedMs)} ms`;
  if (after === "denied") return new AgentProblem("permission-denied", technical);
  if (!isSecureContext) return new AgentProblem("insecure-page", technical);
  if (closed.code === TLS_FAILED) return new AgentProblem("agent-untrusted", technical);
  // Nobody is as quick as a refused connection: if it took long under "prompt", a question was on the screen.
  if (after === "prompt" && elapsedMs > 2 * PROMPT_HINT_MS) return new AgentProblem("permission-dismissed", technical);
  return new AgentProblem("agent-unreachable", technical);
}

function closeText(event) {
  return `WebSocket closed, code ${event.code}${event.reason ? `, ${event.reason}` : ""}`;
}
