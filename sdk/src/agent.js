/* What a connected agent can be asked. Qalamsap speaks kz.qalamsap.v1; NCALayer is in ncalayer.js, under the same methods. */

import { QalamsapError } from "./errors.js";
import { blobOf, digestOf, inForm, octetsOf, toBase64, utf8 } from "./octets.js";

const HEADER = 12; // of a binary frame: transfer number, offset
const AROUND_CONTENT = 64; // octets of the frame that surround a document's content
const DIGEST_FORMATS = ["cms"]; // a raw signature of a digest could be built into a login

export class Agent {
  /* `capabilities` as kz.qalamsap.v1 tells them; of NCALayer what is known of it. */
  constructor(connection, capabilities) {
    this.connection = connection;
    this.capabilities = capabilities;
  }

  get version() {
    return this.capabilities.version;
  }

  get isOpen() {
    return this.connection.isOpen;
  }

  /* Whether the method is there, and the format of signatures where that is asked for. */
  supports(method, format) {
    const { methods, formats } = this.capabilities;
    return methods.includes(method) && (format === undefined || formats.includes(format));
  }

  /* Sends a call of NCALayer's own modules and gives the answer as it stands. Calls are answered in order, one at a time. */
  call(request, options) {
    return this.connection.call(request, options);
  }

  close() {
    this.connection.close();
  }

  unsupported(what) {
    return this.connection.error("UNSUPPORTED", { detail: `${this.capabilities.agent} ${this.version}: ${what}` });
  }

  demand(method, format) {
    if (!this.supports(method, format)) throw this.unsupported(format ? `${method} as ${format}` : method);
  }

  /* The digests that stand for the contents, none where the contents are there. Refuses what this agent can't sign of them; they come in `formats` only. */
  digestsOf(documents, formats, { format, detached, cosign }) {
    const digests = documents.map(({ content }) => digestOf(content)).filter((digest) => digest !== undefined);
    if (!digests.length) return digests;
    if (digests.length < documents.length) throw this.unsupported("digests beside documents");
    if (!formats.includes(format)) throw this.unsupported(`a digest as ${format}`);
    if (format === "cms" && (detached === false || cosign)) throw this.unsupported("a digest as cms with its document");
    return digests;
  }

  /* The octets of what the page gave: a file can change or vanish after it was chosen. */
  async octetsOf(content) {
    const blob = blobOf(content);
    try {
      return await octetsOf(blob);
    } catch (cause) {
      throw this.connection.error("UNREADABLE", { detail: String(cause), cause });
    }
  }

  /* What `read` makes of an answer. One that makes no sense is the agent's mistake and not the page's. */
  async understood(read) {
    try {
      return await read();
    } catch (cause) {
      if (cause instanceof QalamsapError) throw cause;
      throw this.connection.error("AGENT", { detail: `the answer makes no sense: ${cause.message}`, cause });
    }
  }
}

export class Qalamsap extends Agent {
  kind = "qalamsap";
  #reading = Promise.resolve(); // one download after the other: their frames carry no name

  /* Signs documents under one approval. Gives {format, signatures, certificate?, lackingTimestamp}, signatures in the order of documents; with
     mayLeaveOut it is null for a document that the person left out. */
  async sign({ documents, format = "cms", output = "blob", ...more }) {
    this.demand("sign", format);
    this.digestsOf(documents, DIGEST_FORMATS, { format, ...more });
    return this.#work(more, async (params, work) => {
      const bare = documents.map(({ content: _, existing: __, ...told }) => told);
      const request = { ...params, format, documents: bare };
      const room = this.#room(request, 2 * documents.length);
      for (const [index, { content, existing }] of documents.entries()) {
        bare[index].content = await this.#put(content, room, work);
        if (existing !== undefined) bare[index].existing = await this.#put(existing, room, work);
      }
      const result = await this.#request("sign", request, work);
      return this.understood(async () => {
        demandCount(result.signatures, documents);
        const signatures = [];
        for (const piece of result.signatures) {
          const isLeftOut = params.mayLeaveOut === true && piece.leftOut === true;
          signatures.push(isLeftOut ? null : await this.#take(piece, formOf(format, output), work));
        }
        return { ...result, signatures };
      });
    });
  }

  /* Proves to this page's server who is at the keyboard: {login, certificate} in base64. The agent puts the page's origin into what it signs. */
  async login({ nonce, ...more }) {
    return this.#ask("login", { ...more, nonce: typeof nonce === "string" ? nonce : base64url(await octetsOf(nonce)) });
  }

  /* Whom a key belongs to; the person chooses it and agrees. */
  async describeKey(options = {}) {
    return this.#ask("describeKey", options);
  }

  /* The agent's report on a signature, without a window. */
  async verify({ signature, document, ...more }) {
    this.demand("verify");
    return this.#work(more, async (params, work) => {
      const room = this.#room(params, 2);
      const contents = { signature: await this.#put(signature, room, work) };
      if (document !== undefined) contents.document = await this.#put(document, room, work);
      return (await this.#request("verify", { ...params, ...contents }, work)).report;
    });
  }

  /* The CMS signature with a timestamp added, without a window. */
  async timestamp({ signature, output = "blob", ...more }) {
    this.demand("timestamp");
    return this.#work(more, async ({ language: _, ...params }, work) => {
      const request = { ...params, signature: await this.#put(signature, this.#room(params, 1), work) };
      const result = await this.#request("timestamp", request, work);
      return this.understood(() => this.#take(result.signature, output, work));
    });
  }

  async #ask(method, options) {
    this.demand(method);
    return this.#work(options, (params, work) => this.#request(method, params, work));
  }

  #request(method, params, { onEvent, onOctets, signal }) {
    return this.connection.request(method, params, { onEvent, onOctets, signal, frameBytes: this.capabilities.limits.frameBytes });
  }

  /* Parts the page's own options from what goes to the agent, and gives back what was uploaded or offered for download. */
  async #work({ onEvent, signal, ncalayer: _, ...params }, carryOut) {
    // What a page's listener throws is the page's business, and no reason to lose a signature.
    const tell = onEvent && ((event) => queueMicrotask(() => onEvent(event)));
    const work = { onEvent: tell, signal, handles: [] };
    try {
      return await carryOut({ language: this.connection.context.language, ...params }, work);
    } finally {
      // Without an answer nothing is lost: handles go with the socket.
      if (work.handles.length && this.isOpen) this.connection.request("release", { handles: work.handles }).catch(() => undefined);
    }
  }

  /* How many octets of contents still fit into a frame. */
  #room(params, contents) {
    return { left: this.capabilities.limits.frameBytes - (2 + contents) * AROUND_CONTENT - utf8(JSON.stringify(params)).length };
  }

  /* A content as the wire has it: within the frame while it is small and there is room, uploaded beforehand otherwise. */
  async #put(content, room, work) {
    const digest = digestOf(content);
    if (digest !== undefined) return { digest: { base64: toBase64(await this.octetsOf(digest)) } };
    const blob = blobOf(content);
    if (blob.size <= this.capabilities.limits.inlineBytes) {
      const piece = typeof content === "string" ? { text: content } : { base64: toBase64(await this.octetsOf(blob)) };
      const size = utf8(JSON.stringify(piece)).length;
      if (size <= room.left) {
        room.left -= size;
        return piece;
      }
    }
    const upload = await this.#upload(blob, work);
    work.handles.push(upload);
    return { upload };
  }

  async #upload(blob, { onEvent, signal }) {
    const unreadable = new AbortController();
    const state = { received: 0, isOver: false, wake: () => undefined };
    const listen = (event) => {
      if (event.event === "upload-open") this.#pump(blob, event, state).catch((error) => unreadable.abort(error));
      if (event.event !== "upload-received") return;
      state.received = event.octets;
      state.wake();
      onEvent?.({ event: "uploaded", done: event.octets, total: blob.size });
    };
    const ends = AbortSignal.any([unreadable.signal, ...(signal ? [signal] : [])]);
    try {
      return (await this.#request("upload", { size: blob.size }, { onEvent: listen, signal: ends })).upload;
    } catch (error) {
      throw unreadable.signal.aborted ? unreadable.signal.reason : error;
    } finally {
      state.isOver = true;
      state.wake();
    }
  }

  /* Sends the octets in pieces, never further ahead of what the agent has than it allows. */
  async #pump(blob, { transfer, chunkBytes, windowBytes }, state) {
    for (let at = 0; at < blob.size; at += chunkBytes) {
      const size = Math.min(chunkBytes, blob.size - at);
      while (at + size > state.received + windowBytes && !state.isOver) await new Promise((wake) => (state.wake = wake));
      const octets = await this.octetsOf(blob.slice(at, at + size));
      if (state.isOver) return;
      const frame = new Uint8Array(HEADER + size);
      const header = new DataView(frame.buffer);
      header.setUint32(0, transfer);
      header.setBigUint64(4, BigInt(at));
      frame.set(octets, HEADER);
      this.connection.sendOctets(frame);
    }
  }

  /* A piece of the result in the form that the page wants. */
  async #take(piece, form, work) {
    if (piece.text !== undefined) return piece.text;
    if (piece.base64 !== undefined) return inForm(form, piece.base64);
    if (!piece.download || !(piece.size > 0)) throw new Error("a signature is neither there nor to be had");
    work.handles.push(piece.download);
    const whole = this.#reading.then(() => this.#download(piece));
    this.#reading = whole.catch(() => undefined); // the next download does not depend on this one
    return inForm(form, await whole);
  }

  /* To the end, whatever the page's signal says: it is a signature that was made. */
  async #download({ download, size }) {
    const parts = [];
    for (let offset = 0; offset < size; ) {
      let frame = null;
      const length = Math.min(this.capabilities.limits.chunkBytes, size - offset);
      const { octets } = await this.#request("read", { download, offset, length }, { onOctets: (data) => (frame = data) });
      const header = octets > 0 && frame?.byteLength === HEADER + octets && new DataView(frame);
      if (!header || header.getUint32(0) !== 0 || header.getBigUint64(4) !== BigInt(offset)) throw new Error(`no octets at ${offset}`);
      parts.push(frame.slice(HEADER));
      offset += octets;
    }
    return new Blob(parts);
  }
}

/* Throws unless there is a signature for each document. */
export function demandCount(signatures, documents) {
  if (signatures?.length !== documents.length) throw new Error(`${documents.length} documents and ${signatures?.length} signatures`);
}

const TEXT_FORMATS = ["xml", "jws", "wsse"];

/* In which form signatures are handed out: text formats as text, and armour around CMS only. */
export const formOf = (format, output) => (TEXT_FORMATS.includes(format) ? "text" : output === "pem" && format !== "cms" ? "base64" : output);

const base64url = (octets) => toBase64(octets).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
