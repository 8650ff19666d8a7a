/* Whatever goes wrong is a QalamsapError with one of these codes, as far as a page can tell them apart (README.md says where it can't). */

import { LANGUAGES, TEXTS } from "./texts.js";

// Worth another try without a change to the page, the browser's settings or the request.
const RETRYABLE = new Set(["NOT_RUNNING", "LNA_PROMPT", "BUSY", "TIMED_OUT", "GONE"]);
// The agent's own codes that have one of ours; all others are AGENT.
const OF_AGENT = {
  __proto__: null, // "constructor" is no code
  busy: "BUSY",
  cancelled: "CANCELLED",
  "cancelled-by-page": "CANCELLED",
  "timed-out": "TIMED_OUT",
  unsupported: "UNSUPPORTED",
  "unsupported-key": "UNSUPPORTED",
  "key-password": "UNSUPPORTED",
  "unknown-method": "UNSUPPORTED",
};
// Pages make links of it, and whoever answers on the port may not put anything else there.
const PAGE_OF_AGENT = /^https:\/\/127\.0\.0\.1[:/]/;

export class QalamsapError extends Error {
  /* `told` is what the agent said itself and goes before our own words; `detail` is for logs and support, in English. */
  constructor(code, { language = "ru", help = "", detail = "", agentCode = null, told = {}, cause } = {}) {
    const [message, advice] = TEXTS[code][LANGUAGES.includes(language) ? language : "ru"];
    super(told.message ?? message, { cause });
    this.name = "QalamsapError";
    this.code = code;
    this.retryable = told.retryable ?? RETRYABLE.has(code);
    this.advice = advice;
    this.help = told.help ?? help;
    this.detail = detail;
    this.agentCode = agentCode;
  }

  /* What an error of kz.qalamsap.v1 means. One that is not as it should be is an error all the same. */
  static ofAgent(error, context) {
    const { code = null, retryable, message, help, detail } = Object(error);
    const told = { retryable, message, ...(PAGE_OF_AGENT.test(help) ? { help } : {}) };
    return new QalamsapError(OF_AGENT[code] ?? "AGENT", { ...context, agentCode: code, told, detail });
  }

  /* Why a page's signal ended the work. */
  static ofAbort(signal, context) {
    const code = signal.reason?.name === "TimeoutError" ? "TIMED_OUT" : "CANCELLED";
    return new QalamsapError(code, { ...context, detail: "ended by the page", cause: signal.reason });
  }
}

/* The language of the page, or of the browser, if the texts speak it. */
export function pageLanguage() {
  const wishes = [globalThis.document?.documentElement.lang, ...(globalThis.navigator?.languages ?? [])];
  const known = wishes.map((wish) => (wish ?? "").slice(0, 2)).filter((wish) => LANGUAGES.includes(wish));
  return known[0] ?? "ru";
}
