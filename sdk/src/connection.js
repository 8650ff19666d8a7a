/* One socket to an agent: requests of kz.qalamsap.v1 side by side, calls of NCALayer's modules one at a time, heartbeats meanwhile. */

import { QalamsapError } from "./errors.js";
import { utf8 } from "./octets.js";

export const MODULE = "kz.qalamsap.v1";
const HEARTBEAT = "--heartbeat--";
const HEARTBEAT_MS = 10_000;
const HEARTBEATS_MISSED = 3;
const TRY_AGAIN_LATER = 1013;
const OPEN = 1; // WebSocket.OPEN, whatever class it is of

export const closeText = ({ code, reason }) => `WebSocket closed, code ${code}${reason ? `, ${reason}` : ""}`;

export class Connection {
  #socket;
  #requests = new Map();
  #call = null; // the one that waits for its answer
  #queue = Promise.resolve();
  #onOctets = null;
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

  /* A request of kz.qalamsap.v1. When the signal ends it, the agent's last word counts: a signature that was made is not thrown away. */
  async request(method, params = {}, { onEvent, signal, frameBytes = Infinity } = {}) {
    this.#demandReady(signal);
    const id = String((this.#count += 1));
    const frame = (name, more) => JSON.stringify({ module: MODULE, id: more.id, method: name, params: more.params });
    const text = frame(method, { id, params });
    if (utf8(text).length > frameBytes) throw this.error("AGENT", { agentCode: "too-large", detail: `${method}: the request is too long` });
    const cancel = () => this.#send(frame("cancel", { id: `${id}.cancel`, params: { request: id } }));
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#requests.set(id, { resolve, reject, onEvent });
        this.#send(text);
      });
    } catch (error) {
      throw signal?.aborted && error.code === "CANCELLED" ? QalamsapError.ofAbort(signal, this.context) : error;
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#requests.delete(id);
      this.#rest();
    }
  }

  /* A call of any other module, as it stands; gives the answer as it stands. There is no way to cancel one: the signal hangs up. */
  call(request, { signal } = {}) {
    const answer = this.#queue.then(() => this.#ask(request, signal));
    this.#queue = answer.catch(() => undefined); // whoever made that call hears of it; the next one goes on
    return answer;
  }

  async #ask(request, signal) {
    this.#demandReady(signal);
    const hangUp = () => {
      this.#call.reject(QalamsapError.ofAbort(signal, this.context));
      this.close("ended by the page");
    };
    signal?.addEventListener("abort", hangUp, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#call = { resolve, reject };
        this.#send(JSON.stringify(request));
      });
    } finally {
      signal?.removeEventListener("abort", hangUp);
      this.#call = null;
      this.#rest();
    }
  }

  sendOctets(frame) {
    if (this.isOpen) this.#socket.send(frame);
  }

  /* `listener` gets the next binary frame. */
  onNextOctets(listener) {
    this.#onOctets = listener;
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
    if (this.#call || this.#requests.size) return;
    clearInterval(this.#pulse);
    this.#pulse = null;
  }

  #heard(data) {
    this.#unanswered = 0;
    if (data === HEARTBEAT) return;
    if (typeof data !== "string") {
      this.#onOctets?.(data);
      return;
    }
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      this.#call?.reject(this.error("AGENT", { detail: "the answer is not JSON" }));
      return;
    }
    if (message?.module === MODULE) this.#route(message);
    else this.#call?.resolve(message);
  }

  #route(message) {
    const waiting = this.#requests.get(message.id);
    if (message.event !== undefined) waiting?.onEvent?.(message);
    else if (message.error === undefined) waiting?.resolve(message.result);
    else {
      const error = QalamsapError.ofAgent(message.error, this.context);
      // An error without an id is of a frame that could not be read: it may be anybody's.
      for (const each of message.id === null ? this.#requests.values() : [waiting]) each?.reject(error);
    }
  }

  #end(event) {
    globalThis.removeEventListener?.("pagehide", this.#onPageHide);
    this.#socket.onmessage = this.#socket.onclose = null;
    const error = this.error(event.code === TRY_AGAIN_LATER ? "BUSY" : "GONE", { detail: closeText(event) });
    for (const waiting of [this.#call, ...this.#requests.values()]) waiting?.reject(error);
  }
}
