// A page in the manner of the official sample of basics: what it sends, how it takes answers and what it does when the
// connection ends are the same. The address of the agent may be given: index.html?agent=wss://127.0.0.1:PORT/
const MOST_LOGO_CHARACTERS = 50000;
const address = new URLSearchParams(location.search).get('agent') ?? 'wss://127.0.0.1:13579/';
const element = (id) => document.getElementById(id);
const valueOf = (id) => element(id).value; // always a text, whatever it says
const ticked = (id) => [...element(id).querySelectorAll('input[type=checkbox]:checked')].map((box) => box.value);

const socket = new WebSocket(address);
window.answers = []; // every frame that came, for whoever watches the page

function note(text) {
  element('log').textContent += `${text}\n`;
}

socket.onopen = () => {
  element('state').textContent = 'open';
  note('open');
};

socket.onclose = (event) => {
  element('state').textContent = 'closed';
  note(`closed ${event.wasClean ? 'cleanly' : 'uncleanly'} code=${event.code}`);
  // Whether the program runs is told from this alone.
  if (!event.wasClean && confirm('Start the program and press OK')) {
    location.reload();
  }
};

socket.onmessage = ({ data }) => {
  window.answers.push(data);
  const answer = JSON.parse(data);
  if (answer === null) {
    return;
  }
  if (answer.result?.version) {
    note(`version ${answer.result.version}`);
    return;
  }
  if (answer.status === true) {
    show(answer.body.result);
  } else if (answer.status === false) {
    alert(answer.code);
  }
};

function show(result) {
  if (result === undefined) { // the person changed their mind: what was there stays
    return;
  }
  if (Array.isArray(result)) {
    element('signature').value = result.join('\n\n');
    return;
  }
  element('signature').value = [...result.signatures, result.certificate].join('\n\n');
}

function request() {
  const text = valueOf('dataToSign');
  const args = {
    allowedStorages: ticked('storages'),
    format: valueOf('format'),
    data: element('isArray').checked ? text.split('\n----\n') : text,
    signingParams: {
      decode: valueOf('decode'),
      encapsulate: valueOf('encapsulate'),
      digested: valueOf('digested'),
      tsaProfile: JSON.parse(valueOf('tsaProfile')),
    },
    signerParams: {
      extKeyUsageOids: ticked('usages'),
      iin: valueOf('iin'),
      bin: valueOf('bin'),
      serialNumber: valueOf('serialNumber'),
      chain: JSON.parse(valueOf('chain')),
    },
    locale: valueOf('locale'),
  };
  if (args.allowedStorages.length === 0) {
    delete args.allowedStorages;
  }
  for (const flag of ['outputCert', 'allowExpired']) {
    if (element(flag).checked) {
      args.signingParams[flag] = true;
    }
  }
  if (valueOf('logo')) {
    args.logo = valueOf('logo');
  }
  return { module: 'kz.gov.pki.knca.basics', method: 'sign', args };
}

element('sign').onclick = () => {
  if (valueOf('logo').length > MOST_LOGO_CHARACTERS) {
    alert('logo');
    return;
  }
  socket.send(JSON.stringify(request()));
};

for (const method of ['showSettings', 'showBundleManager']) {
  element(method).onclick = () =>
    socket.send(JSON.stringify({ module: 'kz.gov.pki.ncalayerservices.accessory', method }));
}
