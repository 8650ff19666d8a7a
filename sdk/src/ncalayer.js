/* NCALayer, and whatever else speaks only its modules, under the methods of Agent. What it can't do is an error, never a lesser thing. */

import { Agent, demandCount, formOf } from "./agent.js";
import { QalamsapError } from "./errors.js";
import { inForm, toBase64, withoutArmour } from "./octets.js";

const BASICS = "kz.gov.pki.knca.basics";
const COMMON_UTILS = "kz.gov.pki.knca.commonUtils";
const USAGES = { __proto__: null, sign: ["1.3.6.1.5.5.7.3.4"], identify: ["1.3.6.1.5.5.7.3.2"], any: [] };

/* The result in an answer of basics or commonUtils. Throws QalamsapError: CANCELLED, or AGENT with the code and the words of the answer. */
export function resultOf(answer, context) {
  const hasBody = answer?.status === true && typeof answer.body === "object" && answer.body !== null;
  if (hasBody && Object.hasOwn(answer.body, "result")) return answer.body.result;
  if (answer?.code === "200" && answer.status === undefined) return answer.responseObject;
  if (hasBody || answer?.message === "action.canceled") throw new QalamsapError("CANCELLED", context);
  const agentCode = answer?.errorCode ?? answer?.code ?? null;
  const detail = [agentCode, answer?.message, answer?.details].filter(Boolean).join(": ").slice(0, 600);
  throw new QalamsapError("AGENT", { ...context, agentCode, detail });
}

export class NCALayer extends Agent {
  kind = "ncalayer";

  constructor(connection, version) {
    super(connection, { agent: "NCALayer", version, methods: ["sign", "describeKey"], formats: ["cms", "xml", "raw"] });
  }

  async sign({ documents, format = "cms", detached = format === "cms", timestamp = "none", certificate = false, key = {}, ...more }) {
    this.demand("sign", format);
    const { output = "blob", language = this.connection.context.language, signal, ncalayer = {}, ...rest } = more;
    this.#refuse(rest, { documents, format, timestamp, certificate });
    const contents = documents.map(({ content }) => content);
    const digests = this.digestsOf(documents, ["cms", "raw"], { format, detached });
    const isDigest = digests.length > 0;
    const isText = format === "xml" && contents.every((content) => typeof content === "string");
    const base64 = async (content) => toBase64(await this.octetsOf(content));
    const data = isText ? contents : await Promise.all((isDigest ? digests : contents).map(base64));
    const result = await this.#result(
      BASICS,
      {
        ...(ncalayer.storage ? { allowedStorages: [ncalayer.storage] } : {}),
        format,
        // Before October 2024 an array of several documents got one broken signature; the count below tells.
        data: data.length === 1 ? data[0] : data,
        signingParams: {
          decode: !isText,
          encapsulate: !detached,
          digested: isDigest,
          tsaProfile: timestamp === "required" ? {} : null,
          allowExpired: key.allowExpired ?? false,
          allowRevoked: key.allowRevoked ?? false,
          ...(certificate ? { outputCert: true } : {}),
        },
        signerParams: this.#filter(key),
        locale: language === "en" ? "ru" : language, // it speaks two languages
      },
      signal,
    );
    return this.understood(async () => {
      const found = [certificate ? result.signatures : result].flat().filter((each) => typeof each === "string" && each);
      demandCount(found, documents);
      const octets = (each) => inForm(formOf(format, output), withoutArmour(each));
      const signatures = format === "xml" ? found : await Promise.all(found.map(octets));
      return { format, signatures, lackingTimestamp: [], ...(certificate ? { certificate: withoutArmour(result.certificate) } : {}) };
    });
  }

  async describeKey({ key, signal, ncalayer = {} } = {}) {
    if (key && Object.keys(key).length) throw this.unsupported("describeKey with a filter");
    const info = await this.#result(COMMON_UTILS, [ncalayer.storage ?? "PKCS12"], signal);
    const named = (pattern) => pattern.exec(info.subjectDn)?.[1] ?? "";
    const moment = (text) => new Date(Number(text)).toISOString();
    return this.understood(() => ({
      certificate: withoutArmour(info.pem),
      owner: {
        name: info.subjectCn,
        iin: named(/IIN(\d{12})/),
        organisation: named(/(?:^|,)O=((?:\\.|[^,\\])+)/).replace(/\\(.)/g, "$1"),
        bin: named(/BIN(\d{12})/),
      },
      serialNumber: info.serialNumber,
      algorithm: info.algorithm,
      notBefore: moment(info.certNotBefore),
      notAfter: moment(info.certNotAfter),
      uses: null, // it does not say; they stand in the certificate
      roles: null,
    }));
  }

  async login() {
    throw this.unsupported("login: it does not bind a signature to the page's origin");
  }

  async verify() {
    throw this.unsupported("verify");
  }

  async timestamp() {
    throw this.unsupported("timestamp without a key (its own applyCAdEST asks for one: use call)");
  }

  #refuse({ onEvent: _, mayLeaveOut: __, ...rest }, { documents, format, timestamp, certificate }) {
    for (const name of Object.keys(rest)) if (rest[name]) throw this.unsupported(name);
    if (documents.some(({ existing }) => existing !== undefined)) throw this.unsupported("one more signer on an existing signature");
    if (timestamp === "wanted") throw this.unsupported('timestamp "wanted": it signs with a timestamp or not at all');
    if (timestamp === "required" && format !== "cms") throw this.unsupported(`a timestamp on ${format}`);
    if (certificate && format !== "raw") throw this.unsupported(`certificate beside ${format}`);
  }

  #filter({ purpose = "sign", usages = [], iin = "", bin = "", serialNumber = "", authorities = null, allowExpired: _, allowRevoked: __, ...rest }) {
    const [beyond] = Object.keys(rest);
    if (beyond || !USAGES[purpose]) throw this.unsupported(`keys by ${beyond ?? purpose}`);
    return { extKeyUsageOids: [...USAGES[purpose], ...usages], iin, bin, serialNumber, chain: authorities };
  }

  async #result(module, args, signal) {
    const method = module === BASICS ? "sign" : "getKeyInfo";
    return resultOf(await this.call({ module, method, args }, { signal }), this.connection.context);
  }
}
