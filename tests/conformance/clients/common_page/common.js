// A page in the manner of the official sample of commonUtils: one callback that is set when something is asked, so that the
// greeting goes by unless it was asked before it came (early=1); codes compared as texts; files added to the list of tokens.
const given = new URLSearchParams(location.search);
const socket = new WebSocket(given.get('agent') ?? 'wss://127.0.0.1:13579/');
const element = (id) => document.getElementById(id);
const storage = () => element('storage').value;
const KEY_TYPE = 'SIGNATURE';
let callback = null;

window.heard = []; // every frame that came
window.passedBy = 0; // frames that no callback waited for

function ask(method, args, then) {
  callback = then;
  socket.send(JSON.stringify({ module: 'kz.gov.pki.knca.commonUtils', method, args }));
}

socket.onopen = () => {
  if (given.get('early')) {
    ask('getActiveTokens', undefined, listStorages);
  }
};
socket.onmessage = ({ data }) => {
  window.heard.push(data);
  if (callback === null) {
    window.passedBy += 1;
    return;
  }
  callback(JSON.parse(data));
};

function result(answer) {
  if (answer.code === '500') {
    alert(answer.message);
  } else if (answer.code === '200') {
    element('result').value = [answer.responseObject].flat().join('\n\n');
  }
}

function listStorages(answer) {
  if (answer.code !== '200') {
    return;
  }
  element('storage').replaceChildren(...[...answer.responseObject, 'PKCS12'].map((name) => new Option(name)));
}

function showOwner(answer) {
  result(answer);
  if (answer.code === '200') {
    const { subjectCn, certNotAfter } = answer.responseObject;
    element('owner').textContent = `${subjectCn} ${new Date(Number(certNotAfter)).toISOString()}`;
  }
}

function keepPath(answer) {
  result(answer);
  if (answer.code === '200') {
    element('path').value = answer.responseObject;
  }
}

const path = () => element('path').value;
const data = () => element('data').value;
const buttons = {
  list: () => ask('getActiveTokens', undefined, listStorages),
  info: () => ask('getKeyInfo', [storage()], showOwner),
  xml: () => ask('signXml', [storage(), KEY_TYPE, data(), '', ''], result),
  xmls: () => ask('signXmls', [storage(), KEY_TYPE, [data(), data()], '', ''], result),
  cades: () => ask('createCAdESFromBase64', [storage(), KEY_TYPE, btoa(data()), false], result),
  cms: () => ask('createCMSSignatureFromBase64', [storage(), KEY_TYPE, btoa(data()), true], result),
  hash: () => ask('createCAdESFromBase64Hash', [storage(), KEY_TYPE, data()], result),
  choose: () => ask('showFileChooser', ['ALL', ''], keepPath),
  cadesFile: () => ask('createCAdESFromFile', [storage(), KEY_TYPE, path(), false], result),
  cmsFile: () => ask('createCMSSignatureFromFile', [storage(), KEY_TYPE, path(), true], result),
  stamp: () => ask('applyCAdEST', [storage(), KEY_TYPE, element('result').value], result),
};
for (const [id, press] of Object.entries(buttons)) {
  element(id).onclick = press;
}
