/* Octets as pages have them and as the wire wants them. */

const STEP = 0x8000; // as many as one call of a function takes as arguments everywhere

export const utf8 = (text) => new TextEncoder().encode(text);

export function toBase64(octets) {
  if (octets.toBase64) return octets.toBase64();
  const pieces = [];
  for (let at = 0; at < octets.length; at += STEP) pieces.push(String.fromCharCode(...octets.subarray(at, at + STEP)));
  return btoa(pieces.join(""));
}

export const fromBase64 = (text) => Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const KINDS = /^\[object (String|Blob|File|ArrayBuffer)\]$/; // also of other frames, for which instanceof fails

/* A content as a Blob, which knows its size and gives its octets in pieces.
   Throws TypeError for all else: of a promise that nobody awaited the words "[object Promise]" would be signed. */
export function blobOf(content) {
  if (content instanceof Blob) return content;
  if (!ArrayBuffer.isView(content) && !KINDS.test(Object.prototype.toString.call(content))) {
    throw new TypeError("a content is a string, Blob, ArrayBuffer or Uint8Array");
  }
  return new Blob([content]);
}

/* The digest that stands for a content, undefined where the content is there. Throws TypeError. */
export function digestOf(content) {
  if (typeof content?.digest === "string") throw new TypeError("a digest is octets, not text");
  return content?.digest;
}

export const octetsOf = async (content) => new Uint8Array(await blobOf(content).arrayBuffer());

/* Base64 without the armour and the line ends of PEM, if there are any. */
export const withoutArmour = (text) => text.replace(/-----[^-]+-----/g, "").replace(/\s+/g, "");

export function armoured(base64, label) {
  return `-----BEGIN ${label}-----\n${base64.match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;
}

/* A signature in a form that pages want: "blob", "base64", "pem" (of CMS), "text". `octets` is a Blob or base64. */
export async function inForm(form, octets) {
  const isBase64 = typeof octets === "string";
  if (form === "blob") return isBase64 ? new Blob([fromBase64(octets)]) : octets;
  if (form === "text") return (isBase64 ? new Blob([fromBase64(octets)]) : octets).text();
  const base64 = isBase64 ? octets : toBase64(await octetsOf(octets));
  return form === "pem" ? armoured(base64, "CMS") : base64;
}
