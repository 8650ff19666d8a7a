// What tests of the client check again and again.

import assert from "node:assert/strict";
import { QalamsapError } from "qalamsap";

/* That a call fails with this code; `more` are other properties of the error. */
export const fails = (promise, code, more = {}) =>
  assert.rejects(promise, (thrown) => {
    assert.ok(thrown instanceof QalamsapError, String(thrown));
    assert.equal(thrown.code, code, thrown.detail);
    for (const [name, value] of Object.entries(more)) assert.deepEqual(thrown[name], value, name);
    return true;
  });
