/* Signing with a person's own key from a web page, through Qalamsap or NCALayer. README.md shows how. */

export { connect, permission } from "./connect.js";
export { QalamsapError } from "./errors.js";
export { resultOf } from "./ncalayer.js";
