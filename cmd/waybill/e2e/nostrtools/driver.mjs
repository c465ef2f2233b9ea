// Drives nostr-tools for the end-to-end tests. One line of JSON on stdin is one
// command, {id, cmd, who, ...}; one line on stdout is its answer, {id, result} or
// {id, error}. Commands run side by side. It ends when stdin does.
import { createInterface } from 'node:readline'
import { fetchRelayInformation } from 'nostr-tools/nip11'
import { useWebSocketImplementation } from 'nostr-tools/relay'
import WebSocket from 'ws'
import { purchaseRequest } from './culturebridge.mjs'
import { Participant } from './participant.mjs'

useWebSocketImplementation(WebSocket)

const participants = new Map()

const commands = {
  // connect opens a socket; with a secret (hex) it authenticates and listens to
  // the gift wraps to that key.
  connect: async ({ who, url, secret }) => {
    participants.get(who)?.close()
    participants.set(who, await Participant.connect(url, secret))
  },
  disconnect: async ({ who }) => participants.get(who).close(),
  info: ({ url }) => fetchRelayInformation(url),
  culturebridge_text: async ({ who, products }) => purchaseRequest(participants.get(who).pubkey, products),
}

// The rest are methods of a participant.
for (const name of ['announce', 'post', 'publish', 'pace', 'halt', 'wrap', 'send', 'masked', 'direct', 'chat', 'culturebridge', 'wait', 'inbox', 'open', 'seal', 'http', 'req', 'listen', 'heard', 'count']) {
  commands[name] = async ({ who, ...args }) => {
    const participant = participants.get(who)
    if (!participant) throw new Error(`${who} is not connected`)
    return participant[name](args)
  }
}

async function answer(line) {
  const { id, cmd, ...args } = JSON.parse(line)
  const reply = { id }
  try {
    if (!commands[cmd]) throw new Error(`no command ${cmd}`)
    reply.result = (await commands[cmd](args)) ?? null
  } catch (err) {
    reply.error = String(err?.message ?? err)
  }
  process.stdout.write(JSON.stringify(reply) + '\n')
}

for await (const line of createInterface({ input: process.stdin })) answer(line)
process.exit(0)
