// Bundles with webpack, which accepts WebAssembly modules as they are.
//
//     node webpack.mjs <webpack's folder> <entry> <package> <output>
//
// The entry imports the folder `package` by that name; `output` is the folder of `bundle.js`.

import { createRequire } from "node:module";
import { join } from "node:path";

const [webpack, entry, target, output] = process.argv.slice(2);

const compiler = createRequire(join(webpack, "package.json"))("webpack")({
  mode: "production",
  entry,
  output: { path: output, filename: "bundle.js", publicPath: "/" },
  resolve: { alias: { package: target } },
  experiments: { asyncWebAssembly: true },
  performance: false,
});

compiler.run((error, stats) => {
  if (error) throw error;
  console.log(stats.toString({ preset: "errors-warnings" }));
  process.exitCode = stats.hasErrors() ? 1 : 0;
});
