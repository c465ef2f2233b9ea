// A relay of the smallest kind: it hands events to who subscribed to their recipient.
import { WebSocketServer } from 'ws'

/**
 * @param {(event: object, authed: string) => string} [verdict] why an event is refused; '' takes it
 */
export async function startRelay(verdict = () => '') {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.on('listening', resolve))
  const lines = new Set()
  const taken = []
  server.on('connection', (socket) => {
    const line = { socket, subs: new Map(), authed: '' }
    lines.add(line)
    socket.on('close', () => lines.delete(line))
    const say = (...message) => socket.send(JSON.stringify(message))
    say('AUTH', 'challenge')
    socket.on('message', (data) => {
      const [verb, first, filter] = JSON.parse(data)
      if (verb === 'REQ') {
        line.subs.set(first, filter)
        say('EOSE', first)
      } else if (verb === 'CLOSE') {
        line.subs.delete(first)
      } else if (verb === 'AUTH') {
        line.authed = first.pubkey
        say('OK', first.id, true, '')
      } else if (verb === 'EVENT') {
        const reason = verdict(first, line.authed)
        say('OK', first.id, reason === '', reason)
        if (reason) return
        taken.push(first)
        const to = first.tags.find(([name]) => name === 'p')?.[1]
        for (const other of lines) {
          for (const [id, f] of other.subs) {
            if (f.kinds?.includes(first.kind) && f['#p']?.includes(to)) other.socket.send(JSON.stringify(['EVENT', id, first]))
          }
        }
      }
    })
  })
  const { port } = server.address()
  const stop = () => {
    for (const { socket } of lines) socket.terminate()
    server.close()
  }
  return { url: `ws://127.0.0.1:${port}`, base: `http://127.0.0.1:${port}`, taken, stop }
}
