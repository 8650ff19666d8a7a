/** Signing with a person's own key from a web page, through Qalamsap or NCALayer. README.md shows how. */

import type {
  CapabilitiesResult,
  DescribeKeyResult,
  ErrorCode as AgentErrorCode,
  FactParams,
  KeyParams,
  Language,
  LoginResult,
  Methods,
  Report,
  SignatureFormat,
  StampParams,
  TimestampWish,
  XmlParams,
} from "./v1-types.js";

export type { AgentErrorCode, Language, Report };

/** What went wrong, as far as a page can tell. README.md says what each means and what can't be told apart. */
export type ErrorCode =
  | "NOT_RUNNING"
  | "TLS_UNTRUSTED"
  | "LNA_PROMPT"
  | "LNA_DENIED"
  | "POLICY_BLOCKED"
  | "BUSY"
  | "CANCELLED"
  | "TIMED_OUT"
  | "INSECURE_PAGE"
  | "SILENT"
  | "GONE"
  | "UNREADABLE"
  | "UNSUPPORTED"
  | "AGENT";

/** Whatever goes wrong between page and agent. */
export class QalamsapError extends Error {
  private constructor(); // made here only
  readonly name: "QalamsapError";
  readonly code: ErrorCode;
  /** Whether the same may go well without a change to the page, the browser's settings or the request. */
  readonly retryable: boolean;
  /** One sentence for the person, in their language. */
  readonly message: string;
  /** What the person can do, in their language. */
  readonly advice: string;
  /** A page that explains it: the agent's own. That it opens shows that the agent runs and is trusted. */
  readonly help: string;
  /** For logs and support, in English; may be empty. */
  readonly detail: string;
  /** The agent's own code, where the agent gave the error; NCALayer has others, as "SIGNING_FAILURE". */
  readonly agentCode: AgentErrorCode | (string & {}) | null;
}

/** What a WebSocket class must be able to do; the browser's own and that of `ws` are. */
export type WebSocketClass = new (url: string) => {
  readonly readyState: number;
  binaryType: string;
  send(data: string | Uint8Array): void;
  close(code?: number): void;
};

export interface ConnectOptions {
  /** wss://127.0.0.1:13579/ unless given. */
  url?: string;
  /** Of messages and of the agent's window: the page's own (`<html lang>`) or the browser's unless given. */
  language?: Language;
  /** Called when the browser seems to be asking the person whether this site may reach programs on the computer. */
  onPermissionPrompt?: () => void;
  signal?: AbortSignal;
  /** Needed in Node before 22: `import { WebSocket } from "ws"`. */
  WebSocket?: WebSocketClass;
}

/** Connects to the agent that runs here, whichever it is. Call it after a click: the browser asks for its permission. */
export function connect(options?: ConnectOptions): Promise<Agent>;

/** What the browser says about this site and programs on this computer, without asking anybody: time to explain is at "prompt". */
export function permission(): Promise<"granted" | "prompt" | "denied" | "unknown">;

/** The result in an answer to `call`. Throws QalamsapError: CANCELLED, or AGENT with the code of the answer. */
export function resultOf(answer: unknown, context?: { language?: Language; help?: string }): unknown;

/** Text is signed as its UTF-8 octets. Large contents are sent in pieces by themselves. */
export type Content = string | Blob | ArrayBuffer | Uint8Array;

/** A digest instead of its document, by the hash of the person's key: format "cms", detached; with NCALayer "raw", too. All documents of a request alike. */
export interface Digest {
  digest: Blob | ArrayBuffer | Uint8Array;
}

export interface Document {
  content: Content | Digest;
  /** What the window calls the document. NCALayer shows nothing of it. */
  title?: string;
  /** What the window shows about it, row by row. NCALayer shows nothing of it. */
  facts?: readonly FactParams[];
  /** A CMS signature of this document, without it inside, that gets one more signer. Not with NCALayer. */
  existing?: Content;
}

/** Which keys may be chosen. NCALayer takes purpose "identify" for keys marked clientAuth only. */
export type KeyFilter = KeyParams;

export interface RequestOptions {
  /** Ends the work. The promise then fails with CANCELLED, or TIMED_OUT where the reason is a TimeoutError. */
  signal?: AbortSignal;
}

export interface AskOptions extends RequestOptions {
  onEvent?: (event: AgentEvent) => void;
  language?: Language;
  /** For NCALayer only: the store that it opens, "PKCS12" for files. */
  ncalayer?: { storage?: string };
}

/** What happens meanwhile. NCALayer tells nothing. */
export type AgentEvent = Methods["sign" | "verify"]["event"] | { event: "uploaded"; done: number; total: number };

export type Format = SignatureFormat;
export type TextFormat = "xml" | "jws" | "wsse";
export type Output = "blob" | "base64" | "pem";

export interface SignOptions<F extends Format = Format, O extends Output = Output, L extends boolean = boolean> extends AskOptions {
  documents: readonly Document[];
  /** "cms" unless given. NCALayer: cms, xml, raw. */
  format?: F;
  /** What signatures that are octets come as: "blob" unless given; "pem" is for CMS and is base64 for other formats. */
  output?: O;
  /** CMS and JWS: beside the document (the default) or around it. */
  detached?: boolean;
  /** "wanted" signs all the same where none can be had (not with NCALayer), "required" does not. None unless given. */
  timestamp?: TimestampWish;
  key?: KeyFilter;
  xml?: XmlParams;
  /** Draws the signature on a page of the PDF, the last one unless a number is given. */
  stamp?: StampParams;
  /** Each document is itself a CMS signature with its content inside, and gets one more signer. */
  cosign?: boolean;
  /** Whether the certificate is wanted beside the signatures. NCALayer: with "raw" only. */
  certificate?: boolean;
  /** The person may take documents out and sign the others: there null is given for a signature. NCALayer always signs all of them. */
  mayLeaveOut?: L;
}

export type Signature<F extends Format, O extends Output> = F extends TextFormat ? string : O extends "blob" ? Blob : string;

export interface Signed<F extends Format, O extends Output, L extends boolean = false> {
  format: F;
  /** In the order of the documents. */
  signatures: (L extends false ? Signature<F, O> : Signature<F, O> | null)[];
  /** base64 of its DER */
  certificate?: string;
  /** Which documents got no timestamp though one was wanted. */
  lackingTimestamp: number[];
}

/** What NCALayer does not say of a key, its uses and roles, is null; they stand in the certificate. */
export type KeyDescription = Omit<DescribeKeyResult, "uses" | "roles"> & { uses: string[] | null; roles: string[] | null };

/** What Qalamsap says of itself; of NCALayer there are only these four. */
export type Capabilities = Pick<CapabilitiesResult, "agent" | "version" | "methods" | "formats"> & Partial<CapabilitiesResult>;

export interface Agent {
  readonly kind: "qalamsap" | "ncalayer";
  readonly version: string;
  readonly capabilities: Capabilities;
  readonly isOpen: boolean;
  /** Whether a method, and a format of its signatures, is there; what is not there fails as UNSUPPORTED. */
  supports(method: string, format?: Format): boolean;
  /** Signs all documents under one approval of the person. */
  sign<F extends Format = "cms", O extends Output = "blob", L extends boolean = false>(options: SignOptions<F, O, L>): Promise<Signed<F, O, L>>;
  /** Proves to your server who is at the keyboard. `nonce`: 16 to 64 octets from your server, or their base64url. Not with NCALayer. */
  login(options: AskOptions & { nonce: string | ArrayBuffer | Uint8Array; key?: KeyFilter }): Promise<LoginResult>;
  /** Whom a key belongs to; the person chooses it and agrees. NCALayer takes no filter here. */
  describeKey(options?: AskOptions & { key?: KeyFilter }): Promise<KeyDescription>;
  /** The agent's report on a signature, as `qalamsap verify --json` gives it. Not with NCALayer. */
  verify(options: AskOptions & { signature: Content; document?: Content }): Promise<Report>;
  /** The CMS signature with a timestamp added. Not with NCALayer. */
  timestamp<O extends Output = "blob">(options: AskOptions & { signature: Content; output?: O }): Promise<Signature<"cms", O>>;
  /**
   * A call of NCALayer's modules as it stands, answered as it stands; one at a time, in order. The signal closes the connection if the call was
   * sent already. What is never answered, as `setLocale` of the oldest interface, waits until then.
   */
  call(request: object, options?: RequestOptions): Promise<any>;
  /** Hangs up; what was waiting fails as GONE, and the agent closes its window. */
  close(): void;
}
