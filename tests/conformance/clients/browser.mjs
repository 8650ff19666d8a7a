// In a browser: the client is loaded by a classic script, as pages do.
import { drive as calls } from './calls.mjs';

export const drive = (url, steps, material) => calls(window.NCALayerClient, url, steps, material);
