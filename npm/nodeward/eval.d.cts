declare const permission: unique symbol;

/** A permission of bounded eval. Only its identity counts; it has no properties. */
export type Permission = object & { readonly [permission]: true };

/** `WebAssembly.Module`, where the program's types have it. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: new (...given: never[]) => infer Made } } ? Made : object;

/** What is in force in this thread. */
export interface Status {
  /** `strict` denies, `report` reports and allows, `permissive` does nothing. */
  readonly mode: 'strict' | 'report' | 'permissive';
  /** Who is asked: V8 through the add-on, or functions in place of `eval` and `Function`. */
  readonly layer: 'native' | 'javascript' | 'none';
  /** The names of the checks that this layer does not pass. */
  readonly cannot: readonly string[];
}

/** What `report` gets for each denial. */
export interface Denial {
  readonly kind: 'eval' | 'wasm' | 'load';
  readonly subject: string;
  readonly parent: string | undefined;
  readonly reason: string;
  readonly stack: readonly string[];
}

export interface InstallOptions {
  /** What the add-on exports, or its path. Without it, the JavaScript layer. */
  addon?: object | string;
  /** The hash that the file at the path has to have (Linux). */
  addonSha256?: string;
  /** The parsed `nodeward.seal.json`. Without it, `permissive`. */
  seal?: object;
  /** The folder of the seal. */
  root?: string;
  /** `enforce` lets the seal's `eval.mode` decide; the others overrule it. */
  mode?: 'enforce' | 'strict' | 'report' | 'permissive';
  report?: (denial: Denial) => void;
  /** Whether WebAssembly needs a permission too (native layer). */
  wasm?: boolean;
}

/** For whoever installed, and nobody else. */
export interface Controls extends Status {
  /** Lets WebAssembly be compiled until the callback returns; look at the bytes first. */
  permitWasm<T>(callback: () => T): T;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What went wrong. */
  readonly seen?: string;
}

export interface SelfTest {
  /** Whether every check passed in every thread. */
  readonly ok: boolean;
  readonly node: string;
  readonly platform: string;
  readonly layer: Status['layer'];
  readonly threads: readonly { readonly thread: string; readonly layer: Status['layer']; readonly checks: readonly Check[] }[];
  /** Why the checks could not be run at all. */
  readonly fault?: string;
}

/**
 * Calls back with a permission. It is good if `requester` is the module object of a file that the seal lists
 * under `eval.modules`, and asks for the first time. Keep it where no other code can read it.
 */
export function mayI<T>(requester: NodeJS.Module, callback: (permission: Permission) => T): T;

/** Calls back; until that returns or throws, code with exactly this text may be made if the permission is good. */
export function letMeEval<T>(permission: Permission, source: string, callback: () => T): T;

/** Compiles exactly these bytes of WebAssembly if the permission is good. */
export function letMeCompile(permission: Permission, bytes: ArrayBufferView | ArrayBuffer): WasmModule;

export function status(): Status;

/** Puts bounded eval in force in this thread, once. */
export function install(options?: InstallOptions): Controls;

/** Tries an add-on (without one, the JavaScript layer) in a version of Node.js: all checks, in three threads. */
export function selfTest(options?: { node?: string; addon?: string; timeout?: number }): SelfTest;
