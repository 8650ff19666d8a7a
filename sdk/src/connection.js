/* One socket to an agent: requests of kz.qalamsap.v1 side by side, calls of NCALayer's modules one at a time, heartbeats meanwhile. */

import { QalamsapError } from "./errors.js";
import { utf8 } from "./octets.js";

export const MODULE = "kz.qalamsap.v1";
const HEARTBEAT = "--heartbeat--";
const HEARTBEAT_MS = 10_000;
const HEARTBEATS_MISSED = 3;
const LAST_WORD_MS = 10_000; // for the end of a request that was cancelled
const TRY_AGAIN_LATER = 1013;
const OPEN = 1; // WebSocket.OPEN, whatever class it is of

export const isBusy = ({ code }) => code === TRY_AGAIN_LATER;

export const closeText = ({ code, reason }) => `WebSocket closed, code ${code}${reason ? `, ${reason}` : ""}`;

export class Connection {
  #socket;
  #requests = new Map();
  #calls = []; // the first one was sent and waits for its answer
  #isOutOfStep = false; // an answer came that no call waited for: the next one may be late, too
  #count = 0;
  #pulse = null;
  #unanswered = 0;
  #onPageHide = () => this.close("the page was left");

  /* `socket` is open and has greeted; `context` (language, help) goes into every error. */
  constructor(socket, context) {
    this.#socket = socket;
    this.context = context;
    socket.onmessage = ({ data }) => this.#heard(data);
    socket.onclose = (event) => this.#end(event);
    // A page in the back/forward cache would keep its socket, and the agent its window.
    globalThis.addEventListener?.("pagehide", this.#onPageHide);
  }

  get isOpen() {
    return this.#socket.readyState === OPEN;
  }

  error(code, more = {}) {
    return new QalamsapError(code, { ...this.context, ...more });
  }

  /* A request of kz.qalamsap.v1; `onOctets` gets binary frames that come meanwhile. When the signal ends it, the agent has the last word
     for a while: a signature that was made is not thrown away. */
  async request(method, params = {}, { onEvent, onOctets, signal, frameBytes = Infinity } = {}) {
    this.#demandReady(signal);
    const id = String((this.#count += 1));
    const frame = (name, more) => JSON.stringify({ module: MODULE, id: more.id, method: name, params: more.params });
    const text = frame(method, { id, params });
    if (utf8(text).length > frameBytes) throw this.error("AGENT", { agentCode: "too-large", detail: `${method}: the request is too long` });
    const aborted = () => QalamsapError.ofAbort(signal, this.context);
    let patience;
    const cancel = () => {
      this.#send(frame("cancel", { id: `${id}.cancel`, params: { request: id } }));
      patience = setTimeout(() => this.#requests.get(id)?.reject(aborted()), LAST_WORD_MS);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#requests.set(id, { resolve, reject, onEvent, onOctets });
        this.#send(text);
      });
    } catch (error) {
      throw signal?.aborted && error.code === "CANCELLED" ? aborted() : error;
    } finally {
      signal?.removeEventListener("abort", cancel);
      clearTimeout(patience);
      this.#requests.delete(id);
      this.#rest();
    }
  }

  /* A call of any other module, as it stands; gives the answer as it stands. Once it was sent there is no way to cancel one: the signal hangs up. */
  async call(request, { signal } = {}) {
    this.#demandReady(signal);
    // Its answer would have an id that nobody here knows.
    if (request.module === MODULE) throw this.error("UNSUPPORTED", { detail: `${MODULE} has methods of its own` });
    const call = { text: JSON.stringify(request), isSent: false };
    const giveUp = () => {
      call.reject(QalamsapError.ofAbort(signal, this.context));
      if (call.isSent) this.close("ended by the page");
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.push(Object.assign(call, { resolve, reject }));
        this.#sendNext();
      });
    } finally {
      signal?.removeEventListener("abort", giveUp);
      this.#calls = this.#calls.filter((each) => each !== call);
      this.#sendNext();
      this.#rest();
    }
  }

  sendOctets(frame) {
    if (this.isOpen) this.#socket.send(frame);
  }

  /* Hangs up. What was waiting fails at once; the agent closes its window. */
  close(reason = "closed by the page") {
    this.#end({ code: 1000, reason });
    this.#socket.close(1000);
  }

  #demandReady(signal) {
    if (signal?.aborted) throw QalamsapError.ofAbort(signal, this.context);
    if (!this.isOpen) throw this.error("GONE", { detail: "not connected" });
  }

  #sendNext() {
    const [call] = this.#calls;
    if (!call || call.isSent) return;
    if (this.#isOutOfStep) return call.reject(this.error("GONE", { detail: "answers came that no call waited for: connect anew" }));
    call.isSent = true;
    this.#send(call.text);
  }

  #send(text) {
    if (!this.isOpen) return;
    this.#socket.send(text);
    if (this.#pulse !== null) return;
    this.#unanswered = 0;
    this.#pulse = setInterval(() => {
      this.#unanswered += 1;
      if (this.#unanswered > HEARTBEATS_MISSED) this.close("heartbeats were not answered");
      else if (this.isOpen) this.#socket.send(HEARTBEAT);
    }, HEARTBEAT_MS);
  }

  #rest() {
    if (this.#calls.length || this.#requests.size) return;
    clearInterval(this.#pulse);
    this.#pulse = null;
  }

  #heard(data) {
    this.#unanswered = 0;
    if (data === HEARTBEAT) return;
    if (typeof data !== "string") {
      for (const { onOctets } of this.#requests.values()) onOctets?.(data);
      return;
    }
    let message;
    let unreadable = null;
    try {
      message = JSON.parse(data);
    } catch {
      unreadable = this.error("AGENT", { detail: "the answer is not JSON" });
    }
    if (message?.module === MODULE) return this.#route(message);
    const call = this.#calls[0]?.isSent ? this.#calls.shift() : null;
    if (!call) this.#isOutOfStep = true;
    else if (unreadable) call.reject(unreadable);
    else call.resolve(message);
  }

  #route({ module: _, id = null, event, error, result, ...more }) {
    const waiting = this.#requests.get(id);
    if (event !== undefined) waiting?.onEvent?.({ event, ...more });
    else if (typeof result === "object" && result !== null) waiting?.resolve(result);
    else {
      // An error without an id is of a frame that could not be read: it may be anybody's.
      const failure = QalamsapError.ofAgent(error, this.context);
      for (const each of id === null ? this.#requests.values() : [waiting]) each?.reject(failure);
    }
  }

  #end(event) {
    globalThis.removeEventListener?.("pagehide", this.#onPageHide);
    this.#socket.onmessage = this.#socket.onclose = null;
    const error = this.error(isBusy(event) ? "BUSY" : "GONE", { detail: closeText(event) });
    for (const waiting of [...this.#calls, ...this.#requests.values()]) waiting.reject(error);
  }
}
