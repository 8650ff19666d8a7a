// The messages of kz.qalamsap.v1, version 1.0. Made by `python -m tests.protocol.v1.describe` from what the agent
// checks messages with; don't edit it here.

export type ModuleName = "kz.qalamsap.v1";

export type Content = TextContent | Base64Content | UploadContent;

export type ContentOrDigest = TextContent | Base64Content | UploadContent | DigestContent;

export type Piece = TextPiece | Base64Piece | DownloadPiece;

export type PieceIfAny = TextPiece | Base64Piece | DownloadPiece | LeftOutPiece;

export type ErrorCode =
  | "cancelled"
  | "cancelled-by-page"
  | "no-one-to-ask"
  | "window-failed"
  | "timed-out"
  | "wrong-password"
  | "broken-file"
  | "unsupported-key"
  | "key-password"
  | "key-unsuitable"
  | "key-not-kept"
  | "key-read-only"
  | "weak-password"
  | "bad-input"
  | "file-unusable"
  | "unsupported"
  | "invalid"
  | "no-path"
  | "unreachable"
  | "timestamp-failed"
  | "storage-failed"
  | "internal"
  | "busy"
  | "paused"
  | "site-blocked"
  | "policy-blocked"
  | "policy-forbids"
  | "key-folder"
  | "bad-policy"
  | "bad-request"
  | "unknown-method"
  | "duplicate-id"
  | "too-large"
  | "no-such-handle"
  | "not-allowed";

export type SignatureFormat = "cms" | "xml" | "raw" | "pdf" | "jws" | "wsse" | "asic";

export type TimestampWish = "none" | "wanted" | "required";

export type Purpose = "sign" | "identify" | "any";

export type Language = "kk" | "ru" | "en";

export type Verdict = "valid" | "invalid" | "indeterminate";

/** Asks what this agent is and can do. */
export interface CapabilitiesParams {
}

/** What this agent is and can do. */
export interface CapabilitiesResult {
  /** Which program this is: `qalamsap`. */
  agent: string;
  /** Of the program. */
  version: string;
  /** Of this interface. A new first number may break pages, a new second one only adds. */
  api: string;
  /** The origin of the page as the agent sees it; empty where there is none that counts. */
  origin: string;
  /** Those that can be called. */
  methods: string[];
  /** Those that `sign` makes. */
  formats: string[];
  /** Of windows and messages. */
  languages: Language[];
  /** How much the agent takes. */
  limits: Limits;
}

/** How much the agent takes. */
export interface Limits {
  /** Of a text frame; what is longer has to be uploaded. */
  frameBytes: number;
  /** Of one upload, and of all that a socket holds. */
  uploadBytes: number;
  /** In one request. */
  documents: number;
  /** Uploads and downloads that a socket holds. */
  uploads: number;
  /** In one binary frame, without its header. */
  chunkBytes: number;
  /** That a page may send of an upload beyond what it was told to have been received. */
  windowBytes: number;
  /** Of all signatures in one result; beyond it the largest ones become downloads. */
  inlineBytes: number;
}

/** Asks the person to sign, once for all documents. */
export interface SignParams {
  /** What to sign. */
  documents: readonly DocumentParams[];
  /** What the signatures are. See `formats` of `capabilities`. */
  format: SignatureFormat;
  /** cms and jws: the document is not put into the signature. Means nothing for the other formats. */
  detached?: boolean;
  /**
   * Whether each signature gets a timestamp. `required`: without one nothing is signed. `wanted`: the result
   * says which signatures lack one. For cms, pdf and asic.
   */
  timestamp?: TimestampWish;
  /** For the format xml. */
  xml?: XmlParams;
  /** For the format pdf. Without it nothing is drawn. */
  stamp?: StampParams;
  /** A document that is itself a CMS signature with its content gets one more signer. For the format cms. */
  cosign?: boolean;
  /** The result has the signer's certificate, too. */
  certificate?: boolean;
  /**
   * The person may take documents out of the request and sign the others. Without it they sign all of them or
   * none.
   */
  mayLeaveOut?: boolean;
  /** Which keys may be used. */
  key?: KeyParams;
  /** Of the window, and of the sentence in an error. Without it: the person's own. */
  language?: Language;
}

/** One document to sign. */
export interface DocumentParams {
  /** What is signed. */
  content: ContentOrDigest;
  /** What it is called, as the person will read it. */
  title?: string;
  /** What the page says about it. */
  facts?: readonly FactParams[];
  /**
   * A CMS signature of this document, without the document inside. It comes back with one more signer. For
   * the format cms, and for all documents of a request or none.
   */
  existing?: Content;
}

/** A text; its octets are those of its UTF-8. */
export interface TextContent {
  /** The text itself. */
  text: string;
}

/** Octets. */
export interface Base64Content {
  /** The octets in base64. */
  base64: string;
}

/** Octets that were uploaded over the same socket. */
export interface UploadContent {
  /** The handle from the result of `upload`. */
  upload: string;
}

/**
 * Only the digest of the content. The person is told that the content can't be shown. For the format cms, and
 * for all documents alike.
 */
export interface DigestContent {
  /** The digest. */
  digest: Digest;
}

/** The digest of a document that stays where it is. */
export interface Digest {
  /** The octets of the digest, by the hash that belongs to the person's key. */
  base64: string;
}

/**
 * What the page says about a document, as a row of a table that the person sees. The agent can't check it,
 * and says so.
 */
export interface FactParams {
  /** What it is: `Amount`. */
  label: string;
  /** `11 648,00 ₸`. */
  value: string;
}

/** How an XML signature lies in its document. Without the two paths the whole document is signed. */
export interface XmlParams {
  /**
   * No white space in the signature at all, which stays good where a verifier drops white space, or each
   * element on a line.
   */
  layout?: "lines" | "compact";
  /** Selects the element to sign, which has to have an attribute Id. */
  elementXPath?: string;
  /** Selects the element that the signature is put into. */
  parentXPath?: string;
}

/** Draws the signature on a page of the PDF. */
export interface StampParams {
  /** Counts from 1, or from -1 backwards; without it the last page. */
  page?: number;
}

/** Which keys the person may use. What is absent does not narrow the choice. */
export interface KeyParams {
  /**
   * What the certificate says the key is for. Without it: `sign` for signatures, `identify` for `login`,
   * `any` for `describeKey`.
   */
  purpose?: Purpose;
  /** Extended key usages that the certificate has to have, all of them. */
  usages?: readonly string[];
  /** The individual identification number of the owner. */
  iin?: string;
  /** The business identification number of the owner's organisation. */
  bin?: string;
  /** Of the certificate, in hexadecimal. */
  serialNumber?: string;
  /**
   * Where the certificate's path has to end. null, the default: at an authority of Kazakhstan. A list of
   * certificates in PEM: at one of them. An empty list: anywhere; the person is warned.
   */
  authorities?: readonly string[] | null;
  /** An expired certificate will do, too; the person is warned. */
  allowExpired?: boolean;
  /** A certificate that was revoked will do, too; the person is warned. */
  allowRevoked?: boolean;
}

/** The signatures. All of them were verified before they were sent. */
export interface SignResult {
  /** What they are. */
  format: SignatureFormat;
  /** One for each document, in order. */
  signatures: PieceIfAny[];
  /**
   * Which signatures were to have a timestamp and have none, counted from 0 as `signatures` are. Only where
   * it was `wanted`.
   */
  lackingTimestamp: number[];
  /** The signer's certificate in DER, where it was asked for. */
  certificate?: string;
}

/** A signature that is a text: a signed XML document, a JWS, a WS-Security message. */
export interface TextPiece {
  /** The text. */
  text: string;
}

/** A signature that is octets: a CMS in DER, a signed PDF, a container, the bare octets of a signature. */
export interface Base64Piece {
  /** The octets in base64. */
  base64: string;
}

/** A signature that is fetched with `read`. A text is in UTF-8 there. */
export interface DownloadPiece {
  /** What `read` and `release` call it. */
  download: string;
  /** In octets. */
  size: number;
}

/**
 * In place of a signature: the person took this document out of the request. Only where `mayLeaveOut` said
 * that they may.
 */
export interface LeftOutPiece {
  /** Always true. */
  leftOut: boolean;
}

/** Asks the person to say with a signature who they are, to this site and nobody else. */
export interface LoginParams {
  /**
   * 16 to 64 random octets from the server, in base64url without padding. Made for this login, accepted once.
   */
  nonce: string;
  /** Which keys may be used. */
  key?: KeyParams;
  /** Of the window, and of the sentence in an error. Without it: the person's own. */
  language?: Language;
}

/** The signed statement. The server has to check it (see the guide); the page can't. */
export interface LoginResult {
  /** A CMS signature in DER with the statement inside. */
  login: string;
  /** The signer's certificate in DER; it is in the CMS, too. */
  certificate: string;
}

/** Asks the person to choose a key and let the page see its certificate. */
export interface DescribeKeyParams {
  /** Which keys may be chosen. */
  key?: KeyParams;
  /** Of the window, and of the sentence in an error. Without it: the person's own. */
  language?: Language;
}

/** What the certificate of the chosen key says. */
export interface DescribeKeyResult {
  /** The certificate in DER. */
  certificate: string;
  /** Whose it is. */
  owner: Owner;
  /** In lower-case hexadecimal. */
  serialNumber: string;
  /** Of the key, as it is called for people: `ГОСТ 34.10-2015 (512)`, `RSA-2048`. */
  algorithm: string;
  /** RFC 3339, UTC. */
  notBefore: string;
  /** RFC 3339, UTC. */
  notAfter: string;
  /** What the key is for: `sign`, `identify`. */
  uses: string[];
  /**
   * What the owner is: `individual`, `legal`, `head`, `sign-right`, `finance-right`, `hr`, `employee`,
   * `information-system`, `treasury`.
   */
  roles: string[];
}

/** Whom a certificate names. A member is empty where the certificate says nothing of it. */
export interface Owner {
  /** Surname and name of a person; the name of a system. */
  name: string;
  /** Individual identification number, 12 digits. */
  iin: string;
  /** Name of the organisation. */
  organisation: string;
  /** Business identification number of the organisation, 12 digits. */
  bin: string;
}

/** Asks what the signatures in a document or message prove. The person is not asked. */
export interface VerifyParams {
  /** A CMS, a signed XML, PDF, ASiC-E or ZIP, a JWS. */
  signature: Content;
  /** What was signed, where it is not inside. */
  document?: Content;
  /** Of the sentence in an error. Without it: the person's own. */
  language?: Language;
}

/** What was found. */
export interface VerifyResult {
  /** The report, as `qalamsap verify --json` prints it. */
  report: Report;
}

/** What the signatures of a document or message prove. */
export interface Report {
  /**
   * `valid`: everything was checked and nothing found. `invalid`: something is proven wrong. Else
   * `indeterminate`: the reasons say why.
   */
  verdict: Verdict;
  /** What was recognised. */
  format: "cms" | "xml" | "wsse" | "pdf" | "jws" | "asic" | "signed-zip" | "timestamp" | "unknown" | "raw";
  /** Whether a signature is over a part of an XML document only. */
  is_partial: boolean;
  /** When it was verified. RFC 3339, UTC. */
  verified_at: string;
  /** Each signature that was found. */
  signers: ReportedSigner[];
}

/** What is known of one signature. */
export interface ReportedSigner {
  /** All in all. */
  verdict: Verdict;
  /** Who signed; null without a certificate. */
  subject: ReportedSubject | null;
  /** Of the signature. */
  algorithm: string;
  /** Which part was signed; empty for the whole document. */
  covers: string;
  /** What cryptography alone says. */
  signature: "valid" | "invalid" | "unsupported" | "unchecked";
  /** All that stands between this signature and `valid`. */
  reasons: string[];
  /** Where a standard speaks of a reason: `RFC 5652 §5.4`. */
  sections: Record<string, string>;
  /** What the signer's own clock said. It proves nothing. RFC 3339, UTC. */
  signing_time: string | null;
  /** The timestamps of the signature. */
  timestamps: ReportedTimestamp[];
  /** The moment at which it was judged. */
  judged_at: ReportedMoment;
  /** The signer's certificate. */
  certificate: ReportedCertificate | null;
  /** Who vouches for it; null where nobody known does. */
  trust: ReportedTrust | null;
  /** Whether it was revoked. */
  revocation: ReportedRevocation;
}

/** Whom the signer's certificate names. */
export interface ReportedSubject {
  /** Surname and name of a person; the name of a system. */
  common_name: string;
  /** Of a person. */
  surname: string | null;
  /** Of a person. */
  given_name: string | null;
  /** Of a person. */
  patronymic: string | null;
  /** Individual identification number, 12 digits. */
  iin: string | null;
  /** Business identification number of the organisation, 12 digits. */
  bin: string | null;
  /** Its name. */
  organisation: string | null;
  /** An address. */
  email: string | null;
  /** What the owner is: `individual`, `legal`, `head`, `sign-right`, … */
  roles: string[];
  /** The whole distinguished name as one line of text. */
  name: string;
}

/** One timestamp of a signature. Of one that can't be read, only the first two members are there. */
export interface ReportedTimestamp {
  /** Whether it proves its moment. */
  proves: boolean;
  /** Why it does not. */
  reasons: string[];
  /** The moment. RFC 3339, UTC. */
  time?: string;
  /** Object identifier of the policy that it was issued under. */
  policy?: string;
  /** Name of the hash of what was stamped. */
  digest?: string;
  /** In hexadecimal. */
  serial_number?: string;
  /** Distinguished name of who made it. */
  authority?: string | null;
  /** The authority that vouches for them. */
  trust?: ReportedTrust | null;
}

/** The authority at which the certificate's path ends. */
export interface ReportedTrust {
  /** Its name. */
  anchor: string;
  /**
   * Whose it is: of Kazakhstan's infrastructure, of its test site, or one that this computer was told to
   * trust.
   */
  domain: "production" | "test" | "given";
  /** Fingerprint of its certificate, hexadecimal. */
  sha256: string;
}

/** The moment at which a signature was judged. */
export interface ReportedMoment {
  /** The moment. RFC 3339, UTC. */
  time: string;
  /** Where it comes from: a timestamp that proves it, or the clock while verifying. */
  basis: "timestamp" | "now";
}

/** The signer's certificate. */
export interface ReportedCertificate {
  /** In hexadecimal. */
  serial_number: string;
  /** Distinguished name. */
  issuer: string;
  /** Valid from. RFC 3339, UTC. */
  not_before: string;
  /** Valid until. RFC 3339, UTC. */
  not_after: string;
  /** Its fingerprint, hexadecimal. */
  sha256: string;
}

/** What the authority says of the certificate. */
export interface ReportedRevocation {
  /**
   * At the moment of judging. `unknown`: the authority does not know it. `unreachable`: nobody answered.
   * `not-checked`: nobody was asked.
   */
  state: "good" | "revoked" | "unknown" | "unreachable" | "not-checked";
  /** Who said so: `ocsp`, `crl`, or nobody (empty). */
  source: string;
  /** When that was asked. RFC 3339, UTC. */
  checked_at: string | null;
  /** When it was taken back, if it was. RFC 3339, UTC. */
  revoked_at: string | null;
  /** Why it was, as a word of RFC 5280; empty where that is not said. */
  reason: string;
  /** How the answer came about. */
  detail: string;
}

/** Asks for a timestamp on each signer of a CMS signature that has none. The person is not asked. */
export interface TimestampParams {
  /** The CMS: its octets, or PEM as a text. */
  signature: Content;
}

/** The same CMS with timestamps. */
export interface TimestampResult {
  /** In DER. */
  signature: Piece;
}

/** Announces octets that are too many for a text frame. The request ends when the agent has them all. */
export interface UploadParams {
  /** How many there will be. */
  size: number;
}

/** The agent has all of it. */
export interface UploadResult {
  /** What `sign`, `verify`, `timestamp` and `release` call it. Good for this socket only. */
  upload: string;
  /** In octets. */
  size: number;
}

/** Asks for a piece of a download, which comes in one binary frame before the result. */
export interface ReadParams {
  /** The handle from a result. */
  download: string;
  /** Where the piece begins. */
  offset: number;
  /** How many octets, at most. At the end there are fewer. */
  length: number;
}

/** The binary frame with the piece was sent just before this. */
export interface ReadResult {
  /** How many were in it. */
  octets: number;
}

/** Gives back uploads and downloads before the socket closes. */
export interface ReleaseParams {
  /** Those that are no longer needed. */
  handles: readonly string[];
}

/** They are gone. */
export interface ReleaseResult {
}

/** Ends another request of the same socket, window and all. */
export interface CancelParams {
  /** The `id` of that request. */
  request: string;
}

/** What came of it. The other request ends with an error of its own, `cancelled-by-page`. */
export interface CancelResult {
  /** False where no such request was running any more. */
  cancelled: boolean;
}

/** The end of a request that did not. */
export interface ErrorReply {
  /** The interface. */
  module: "kz.qalamsap.v1";
  /** Of the request; null where it had none that can be used. */
  id: string | null;
  /** Why there is no result. */
  error: Failure;
}

/** Why there is no result. */
export interface Failure {
  /** What happened, in a word for programs. Later versions may know more of them. */
  code: ErrorCode;
  /**
   * Whether the very same request may go well a little later. Even then the person should decide to repeat
   * it.
   */
  retryable: boolean;
  /** What happened, in a sentence for the person, in their language. */
  message: string;
  /** Address of a page about it, on the agent. */
  help: string;
  /** What exactly was wrong, in English for developers. Not stable: don't compare it. */
  detail?: string;
}

/** Other requests come first. Sent again when that changes. */
export interface QueuedEvent {
  event: "queued";
  /** How many requests are ahead of this one. */
  waiting: number;
}

/** The window with the request is on the screen. */
export interface WindowShownEvent {
  event: "window-shown";
}

/** The person is asked for a key and its password. */
export interface WaitingForPasswordEvent {
  event: "waiting-for-password";
}

/** The key is open; the person is asked whether to go on with it. */
export interface WaitingForApprovalEvent {
  event: "waiting-for-approval";
}

/** The person agreed, and signatures are being made. */
export interface SignedEvent {
  event: "signed";
  /** How many are made. */
  done: number;
  /** How many there will be. */
  total: number;
}

/** The octets may come. */
export interface UploadOpenEvent {
  event: "upload-open";
  /** What the header of each binary frame of this upload begins with. */
  transfer: number;
  /** How many octets a binary frame may carry. */
  chunkBytes: number;
  /** How many octets may be under way: sent, but not yet told to have been received. */
  windowBytes: number;
}

/** More octets may come. */
export interface UploadReceivedEvent {
  event: "upload-received";
  /** How many arrived so far, in all. */
  octets: number;
}

/** What each method takes and gives, and what it may tell meanwhile. */
export interface Methods {
  /** Asks what this agent is and can do. */
  capabilities: {
    params: CapabilitiesParams;
    result: CapabilitiesResult;
    event: never;
  };
  /** Asks the person to sign, once for all documents. */
  sign: {
    params: SignParams;
    result: SignResult;
    event: QueuedEvent | WindowShownEvent | WaitingForPasswordEvent | WaitingForApprovalEvent | SignedEvent;
  };
  /** Asks the person to say with a signature who they are, to this site and nobody else. */
  login: {
    params: LoginParams;
    result: LoginResult;
    event: QueuedEvent | WindowShownEvent | WaitingForPasswordEvent | WaitingForApprovalEvent | SignedEvent;
  };
  /** Asks the person to choose a key and let the page see its certificate. */
  describeKey: {
    params: DescribeKeyParams;
    result: DescribeKeyResult;
    event: QueuedEvent | WindowShownEvent | WaitingForPasswordEvent | WaitingForApprovalEvent;
  };
  /** Asks what the signatures in a document or message prove. The person is not asked. */
  verify: {
    params: VerifyParams;
    result: VerifyResult;
    event: QueuedEvent;
  };
  /** Asks for a timestamp on each signer of a CMS signature that has none. The person is not asked. */
  timestamp: {
    params: TimestampParams;
    result: TimestampResult;
    event: QueuedEvent;
  };
  /** Announces octets that are too many for a text frame. The request ends when the agent has them all. */
  upload: {
    params: UploadParams;
    result: UploadResult;
    event: UploadOpenEvent | UploadReceivedEvent;
  };
  /** Asks for a piece of a download, which comes in one binary frame before the result. */
  read: {
    params: ReadParams;
    result: ReadResult;
    event: never;
  };
  /** Gives back uploads and downloads before the socket closes. */
  release: {
    params: ReleaseParams;
    result: ReleaseResult;
    event: never;
  };
  /** Ends another request of the same socket, window and all. */
  cancel: {
    params: CancelParams;
    result: CancelResult;
    event: never;
  };
}

export type Method = keyof Methods;
export type AnyEvent = Methods[Method]["event"];

/** What a page sends. It is answered by any number of events and by exactly one result or error, all with its `id`. */
export interface PageRequest<M extends Method = Method> {
  module: ModuleName;
  id: string;
  method: M;
  params: Methods[M]["params"];
}

/** The end of a request that went well. */
export interface ResultReply<M extends Method = Method> {
  module: ModuleName;
  id: string;
  result: Methods[M]["result"];
}

/** News of a request that runs. */
export type EventReply<M extends Method = Method> = { module: ModuleName; id: string } & Methods[M]["event"];

export type AnyReply<M extends Method = Method> = ResultReply<M> | ErrorReply | EventReply<M>;
