// Bundles what is in src into ../static/vendor, which is committed: Go builds without
// Node. With --check it writes nothing, and fails where the committed bytes are others.
import { existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const vendor = join(here, '../static/vendor')

const { outputFiles, metafile } = await build({
  absWorkingDir: here,
  entryPoints: ['src/nostr.js', 'src/qr.js'],
  outdir: vendor,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  legalComments: 'none', // whole, in LICENSES
  banner: { js: '/* Made by relay/web/browser; the licences of what is in here: LICENSES */' },
  metafile: true,
  write: false,
})

const files = new Map(outputFiles.map((f) => [relative(vendor, f.path), Buffer.from(f.contents)]))
files.set('LICENSES', Buffer.from(licences(metafile)))

for (const [name, bytes] of files) {
  if (/\beval\s*\(|\bnew Function\b|\.innerHTML\b|\bimport\s*\(/.test(bytes.toString()) && name.endsWith('.js')) {
    fail(`${name} has something in it that the Content-Security-Policy forbids`)
  }
}

if (process.argv.includes('--check')) {
  for (const [name, bytes] of files) {
    const path = join(vendor, name)
    if (!existsSync(path) || !readFileSync(path).equals(bytes)) {
      fail(`static/vendor/${name} is not what src and package-lock.json make: run npm run build`)
    }
  }
  console.log('static/vendor is what src and package-lock.json make')
} else {
  mkdirSync(vendor, { recursive: true })
  for (const [name, bytes] of files) {
    writeFileSync(join(vendor, name), bytes)
    console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`)
  }
}

// licences is the text of the licence of every package that is in a bundle.
function licences({ inputs, outputs }) {
  const packages = new Set()
  for (const output of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
      if (name && bytesInOutput > 0 && inputs[path]) packages.add(name)
    }
  }
  return [...packages].sort().map((name) => {
    const folder = join(here, 'node_modules', name)
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const text = readFileSync(join(folder, 'LICENSE'), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  }).join(`\n${'-'.repeat(72)}\n\n`)
}

function fail(why) {
  console.error(why)
  process.exit(1)
}
