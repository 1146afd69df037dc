// The end of a server: what is under way is answered, everything else is hung
// up on.  Node's closeIdleConnections() leaves those open on which nothing has
// been asked yet, and browsers open such ones in advance.

const everyMs = 50

export function createDrain(server) {
  const requests = new Map() // of each connection, how many are under way
  const add = (socket, n) => { if (requests.has(socket)) requests.set(socket, requests.get(socket) + n) }
  let timer

  server.on('connection', (socket) => {
    requests.set(socket, 0)
    socket.on('close', () => requests.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    add(socket, 1)
    response.on('close', () => add(socket, -1))
  })

  function hangUp() {
    for (const [socket, n] of requests) if (n === 0) socket.destroy()
  }

  return {
    begin() { timer = setInterval(hangUp, everyMs) },
    end() { clearInterval(timer) },
  }
}
