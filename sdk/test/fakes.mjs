// Programs that answer as agents do, on a free port of this computer, for tests that need no real one.

import { WebSocketServer } from "ws";

const GREETING = '{"result":{"version":"1.4"}}';
export const MODULE = "kz.qalamsap.v1";
export const LIMITS = { frameBytes: 65536, uploadBytes: 1 << 26, documents: 10, uploads: 8, chunkBytes: 4096, windowBytes: 16384, inlineBytes: 8192 };
const CAPABILITIES = {
  agent: "qalamsap", version: "9.9", api: "1.0", origin: null,
  methods: ["capabilities", "sign", "login", "describeKey", "verify", "timestamp", "upload", "read", "release", "cancel"],
  formats: ["cms", "xml", "pdf", "raw", "jws"], languages: ["kk", "ru", "en"], limits: LIMITS,
};

/* `converse(socket)` serves one page. Gives {url, pages, close()}; `pages` are the sockets that are open. */
export async function served(converse) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", converse);
  return {
    url: `ws://127.0.0.1:${server.address().port}/`,
    pages: server.clients,
    close() {
      for (const page of server.clients) page.terminate();
      server.close();
    },
  };
}

/* NCALayer: `answers(call)` gives the answer to a call, or a promise of it. Calls are kept in `calls`. */
export async function ncalayer(answers) {
  const calls = [];
  const fake = await served((socket) => {
    socket.send(GREETING);
    socket.on("message", async (data) => {
      const text = data.toString();
      if (text === "--heartbeat--") return socket.send(text);
      const call = JSON.parse(text);
      if (call.module === MODULE) return socket.send('{"success":false,"errorCode":"MODULE_NOT_FOUND"}');
      calls.push(call);
      const answer = await answers(call);
      if (answer !== undefined) socket.send(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  });
  return { ...fake, calls };
}

/* Qalamsap: carries uploads and downloads as the real one does, and leaves the rest to `methods`: name -> (params, page) => result.
   A method throws {code, …} for an error and may return a promise that a cancel rejects. */
export async function qalamsap(methods) {
  const seen = { requests: [], furthest: 0, released: [] };
  const fake = await served((socket) => {
    socket.send(GREETING);
    const page = new Page(socket, seen);
    socket.on("message", (data, isBinary) => (isBinary ? page.octets(data) : page.text(data.toString(), methods)));
  });
  return { ...fake, ...seen, seen };
}

class Page {
  uploads = new Map();
  downloads = new Map();
  #running = new Map();
  #transfers = 0;

  constructor(socket, seen) {
    this.socket = socket;
    this.seen = seen;
  }

  async text(text, methods) {
    const { module, id, method, params } = JSON.parse(text);
    if (module !== MODULE) return this.socket.send('{"success":false,"errorCode":"MODULE_NOT_FOUND"}');
    if (!text.startsWith(`{"module":"${MODULE}"`)) return this.#send({ id: null, error: error("bad-request") });
    this.seen.requests.push({ id, method, params });
    const event = (name, more = {}) => this.#send({ id, event: name, ...more });
    const cancelled = new Promise((_, reject) => this.#running.set(id, () => reject(error("cancelled-by-page"))));
    cancelled.catch(() => undefined);
    try {
      const work = this[`do_${method}`] ?? methods[method] ?? (() => { throw error("unknown-method"); });
      const result = await Promise.race([cancelled, work.call(this, params, { page: this, event })]);
      this.#send({ id, result });
    } catch (problem) {
      this.#send({ id, error: problem instanceof Error ? error("internal", { detail: problem.message }) : problem });
    } finally {
      this.#running.delete(id);
    }
  }

  octets(frame) {
    const transfer = this.#receiving.get(frame.readUInt32BE(0));
    const offset = Number(frame.readBigUInt64BE(4));
    const end = offset + frame.length - 12;
    if (offset !== transfer.at || frame.length - 12 > LIMITS.chunkBytes) throw new Error("a wrong frame");
    this.seen.furthest = Math.max(this.seen.furthest, end - transfer.told);
    transfer.at = end;
    transfer.parts.push(frame.subarray(12));
    transfer.arrived(end);
  }

  #receiving = new Map();

  do_capabilities() {
    return CAPABILITIES;
  }

  async do_upload({ size }, { event }) {
    const number = (this.#transfers += 1);
    const done = new Promise((resolve) => {
      const transfer = { at: 0, told: 0, parts: [] };
      transfer.arrived = (end) => {
        // Slowly, and not for each piece: the page must wait.
        if (end - transfer.told < LIMITS.windowBytes && end < size) return;
        setTimeout(() => {
          transfer.told = end;
          event("upload-received", { octets: end });
          if (end === size) resolve(Buffer.concat(transfer.parts));
        }, 5);
      };
      this.#receiving.set(number, transfer);
    });
    event("upload-open", { transfer: number, chunkBytes: LIMITS.chunkBytes, windowBytes: LIMITS.windowBytes });
    const upload = `u${number}`;
    this.uploads.set(upload, await done);
    return { upload, size };
  }

  do_read({ download, offset, length }) {
    this.onRead?.();
    const octets = this.downloads.get(download);
    if (!octets) throw error("no-such-handle");
    const piece = octets.subarray(offset, offset + length);
    const header = Buffer.alloc(12);
    header.writeBigUInt64BE(BigInt(offset), 4);
    this.socket.send(Buffer.concat([header, piece]));
    return { octets: piece.length };
  }

  do_release({ handles }) {
    this.seen.released.push(...handles);
    return {};
  }

  do_cancel({ request }) {
    const stop = this.#running.get(request);
    stop?.();
    return { cancelled: stop !== undefined };
  }

  /* What a content of a request says, as octets. */
  content(content) {
    if (content.text !== undefined) return Buffer.from(content.text);
    if (content.base64 !== undefined) return Buffer.from(content.base64, "base64");
    return this.uploads.get(content.upload);
  }

  /* A result as the wire has it: large ones are offered for download. */
  piece(octets) {
    if (octets.length <= LIMITS.inlineBytes) return { base64: octets.toString("base64") };
    const download = `d${this.downloads.size + 1}`;
    this.downloads.set(download, octets);
    return { download, size: octets.length };
  }

  #send(message) {
    this.socket.send(JSON.stringify({ module: MODULE, ...message }));
  }
}

export const error = (code, more = {}) => ({ code, retryable: code === "busy", message: `Сөз: ${code}`, help: `https://127.0.0.1:1/help#${code}`, ...more });
