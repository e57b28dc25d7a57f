'use strict';
// Vue compiles templates that are texts: for the page, and on the server. Its compiler also works out what is constant.

module.exports = {
  name: 'vue',
  covers: [
    { package: 'vue', range: '>=3.0.0 <4.0.0', files: ['dist/vue.cjs.js', 'dist/vue.cjs.prod.js'], binds: ['Function'] },
    {
      package: '@vue/server-renderer',
      range: '>=3.0.0 <4.0.0',
      files: ['dist/server-renderer.cjs.js', 'dist/server-renderer.cjs.prod.js'],
      binds: ['Function'],
    },
    {
      package: '@vue/compiler-dom',
      range: '>=3.0.0 <4.0.0',
      files: ['dist/compiler-dom.cjs.js', 'dist/compiler-dom.cjs.prod.js'],
      binds: ['Function'],
    },
    // What Vue 2 itself has for templates needs a page.
    { package: 'vue-server-renderer', range: '>=2.5.0 <3.0.0', files: ['build.dev.js', 'build.prod.js'], binds: ['Function'] },
  ],
};
