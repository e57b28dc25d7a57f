/**
 * The CommonJS module with this content: the same object each time. With a seal in force, only content that
 * it has.
 */
export function synthesize(content: string): NodeJS.Module;

/** The namespace of the ES module with this content: the same object each time. */
export function synthesizeModule<T extends object = Record<string, unknown>>(content: string): Promise<T>;

/** Puts the seal's synthetic sources in force in this thread, once; `install` of `eval.cjs` does it as well. */
export function install(options: {
  seal: object;
  root?: string;
  mode?: 'enforce' | 'strict' | 'report' | 'permissive';
  report?: (denial: { kind: string; subject: string; reason: string }) => void;
}): void;
