//! Text made to hurt: mutated sources never panic, whatever they are read as.

use nodeward_javascript::fuzz;
use proptest::prelude::*;

/// Small sources with every kind of token, to be cut up and joined again.
const SEEDS: &[&str] = &[
    "#!/usr/bin/env node\n'use strict';\nconst a = require('./a'), { b = 1, ...c } = a;\nmodule.exports = async function* f(x, y = 2) { for await (const z of x) yield* z; };\n",
    "import d, { e as f } from \"d\";\nexport * from 'g';\nexport default class H extends d { #i = 1; static { this.j = /[/`'\"(]+/giu.test(`k${f}${`l${1}`}`); } get m() { return this.#i ?? super.n?.[0]; } }\n",
    "switch (o) { case 1: if (p) q(); else if (r) { s: for (;;) { break s } } else t\n default: do u++; while (v--)\n}\ntry { throw w } catch { } finally { x = y ? z : a => ({ b, [c]: d, async *e() {}, __proto__: null }) }\n",
    "const f = <div g={h} {...i} j='k\"'>it's {l ? <m.n/> : <></>} /* o */ &amp; ((</div>;\nvar p = q < r && s > t / u / v;\n{}\n/w`/.test(x)\n",
    "interface A<T extends B = C> { d?: string; e(f: number): f is G; [h: string]: unknown }\ntype I<J> = J extends (infer K)[] ? K : keyof L & readonly M[];\nabstract class N { private constructor(protected o?: P, @q() r!: S<T<U>>) { super() } }\nenum V { W = 1 << 2, X }\nnamespace Y.Z { export const a = <T,>(b: T) => b as unknown satisfies C }\n",
    "{\"a\": [1, -2.5e+3, \"\\u0041\\n\", true, false, null], \"b\": {\"c\": {}}}",
    "with (a) b = 010, c = '\\01' <!-- d\n--> e\nvar await, yield, let; label: { break label }\nreturn function () { return /=/.exec(f) / 2 / (g++ / h) }\n",
    "// @flow\nimport type { A } from 'a';\nfunction b(c: ?string, ...d: Array<number>): { [string]: mixed } { return (c: any); }\n",
];

/// A seed, or some of one, or bytes of no meaning.
fn piece() -> impl Strategy<Value = String> {
    let seed = (0..SEEDS.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>());
    prop_oneof![
        6 => seed.prop_map(|(seed, from, to)| {
            let characters: Vec<char> = SEEDS[seed].chars().collect();
            let (from, to) = (from.index(characters.len()), to.index(characters.len() + 1));
            characters[from.min(to)..to.max(from)].iter().collect()
        }),
        2 => "[(){}\\[\\]<>/`'\"\\\\;:,.?=!+*#@$a-z0-9 \n\u{2028}é-]{0,12}",
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(pieces in prop::collection::vec(piece(), 1..6), repeat in 1usize..4) {
        fuzz::read(pieces.concat().repeat(repeat).as_bytes());
    }
}

#[test]
fn the_seeds_themselves_are_read() {
    for seed in SEEDS {
        fuzz::read(seed.as_bytes());
    }
}
