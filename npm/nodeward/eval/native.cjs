'use strict';
// Bounded eval by the add-on: V8 itself asks, in every context, for direct eval too.

const captured = require('./captured.cjs');
const denial = require('./denial.cjs');
const { givesGlobalThis } = require('./function-text.cjs');

const AGREEMENT = 2;
const indirectEval = eval;

/** What is of another release may not be called. */
function agrees(addon) {
  if (addon.agreement === AGREEMENT) return addon;
  throw new Error(`Nodeward: the add-on speaks version ${addon.agreement}, this package ${AGREEMENT}; install both from one release`);
}

/**
 * @param {object} addon what the add-on exports
 * @param {{reportOnly: boolean, wasm: boolean, report: (record: object) => void, isSealed: (source: string) => boolean}} settings
 */
function activate(addon, { reportOnly, wasm, report, isSealed }) {
  const { permit, permitWasm } = addon;
  let probing;
  const refused = (source) => {
    if (probing !== undefined) {
      probing.seen = source;
      return undefined;
    }
    if (givesGlobalThis(source) || isSealed(source)) return true;
    const about = source === undefined
      ? denial.ofWasm('WebAssembly', 'no permission is in force')
      : denial.ofCode(source);
    report(denial.record(about));
    return denial.message(about);
  };
  addon.activate(reportOnly, wasm, refused);

  probing = { seen: undefined };
  const fault = probe(permit, reportOnly, probing);
  probing = undefined;
  if (fault) throw new Error(`Nodeward: the add-on does not work in Node.js ${process.version}: ${fault}`);
  if (!reportOnly) nameDenials();
  return {
    __proto__: null,
    layer: 'native',
    cannot: [],
    permit: (source, callback) => permit(source, callback),
    permitWasm: wasm ? (callback) => permitWasm(callback) : (callback) => callback(),
  };
}

/** Whether V8's C++ interface is what the add-on takes it for: asks and is answered, both ways. */
function probe(permit, reportOnly, probing) {
  const source = '/* Nodeward asks: \u2713\ud800 */ 6 * 7';
  const attempt = () => {
    probing.seen = undefined;
    try {
      return indirectEval(source);
    } catch {
      return 'denied';
    }
  };
  const unpermitted = () => {
    const result = attempt();
    return probing.seen === source && result === (reportOnly ? 42 : 'denied');
  };
  if (!unpermitted()) return 'code that nobody permitted was not refused';
  if (permit(source, attempt) !== 42 || probing.seen !== undefined) return 'permitted code was refused';
  if (!unpermitted()) return 'a permission outlived its callback';
  return undefined;
}

/** V8 makes the EvalError itself; this gives those that speak of a denial the code of every other denial. */
function nameDenials() {
  captured.defineProperty(EvalError.prototype, 'code', {
    __proto__: null,
    configurable: true,
    enumerable: false,
    get() {
      const text = typeof this === 'object' && this !== null ? this.message : undefined;
      return typeof text === 'string' && captured.startsWith(text, 'Nodeward: ') ? 'ERR_NODEWARD_DENIED' : undefined;
    },
    set(value) {
      captured.defineProperty(this, 'code', { __proto__: null, value, writable: true, configurable: true, enumerable: true });
    },
  });
}

module.exports = { activate, agrees };
