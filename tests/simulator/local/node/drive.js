'use strict'
// Finds simulated devices by multicast DNS, drives them with shellies-ng, and says in lines of JSON what it saw.
//
// Usage: node drive.js '{"devices": {"<id>": {"password": "…"}}}'

const multicastDns = require('multicast-dns')
const { MdnsDeviceDiscoverer, Shellies } = require('shellies-ng')

const wanted = JSON.parse(process.argv[2]).devices
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')
const fail = (error) => {
  say({ error: String(error && error.stack ? error.stack : error) })
  process.exit(1)
}
process.on('unhandledRejection', fail)
setTimeout(() => fail('not done in time'), 60_000)

// The library looks on all interfaces and takes port 80 for granted; here it looks on the loopback interface only and
// takes the port that a device announces.
class Neighbours extends MdnsDeviceDiscoverer {
  async start() {
    this.mdns = multicastDns({ interface: '127.0.0.1', bind: '224.0.0.251' })
    this.mdns.on('response', (response) => this.handleResponse(response)).on('error', fail)
    await this.waitUntilReady()
    await this.sendQuery()
  }

  handleResponse(response) {
    const service = response.answers.find((answer) => answer.type === 'SRV')
    this.port = service && service.data.port
    super.handleResponse(response)
  }

  handleDiscoveredDevice(found) {
    super.handleDiscoveredDevice({ ...found, hostname: `${found.hostname}:${this.port}` })
  }
}

const until = (holds) =>
  new Promise((resolve) => {
    const look = () => (holds() ? resolve() : setTimeout(look, 10))
    look()
  })

const drivers = {
  switch0: async (device) => {
    await device.switch0.set(true)
    await until(() => device.switch0.output === true)
    const was = await device.switch0.toggle()
    await until(() => device.switch0.output === false)
    return { was_on: was.was_on, output: device.switch0.output }
  },
  cover0: async (device) => {
    const before = device.cover0.state
    await (before === 'open' ? device.cover0.close() : device.cover0.open())
    await until(() => ['opening', 'closing'].includes(device.cover0.state))
    return { moving: true }
  },
  input0: async (device) => {
    const gesture = new Promise((resolve) => device.input0.once('singlePush', () => resolve('singlePush')))
    say({ waiting: device.id })
    return { gesture: await gesture }
  },
}

const main = async () => {
  const shellies = new Shellies({
    autoLoadConfig: true,
    websocket: { clientId: 'neighbour', pingInterval: 1 },
    deviceOptions: (id) => ({ exclude: !(id in wanted), ...(wanted[id] || {}) }),
  })
  shellies.on('error', (id, error) => fail(error)).on('unknown', (id, model) => fail(`${model} is unknown`))
  const discoverer = new Neighbours()
  shellies.registerDiscoverer(discoverer)
  await discoverer.start()
  await until(() => Object.keys(wanted).every((id) => shellies.has(id)))
  say({ found: [...shellies.keys()].sort() })
  for (const id of Object.keys(wanted)) {
    const device = shellies.get(id)
    const part = ['cover0', 'switch0', 'input0'].find((name) => device[name])
    const info = await device.shelly.getDeviceInfo()
    say({ id, model: device.modelName, ip: device.wifi.sta_ip, locked: info.auth_en, ...(await drivers[part](device)) })
  }
  for (const device of shellies) {
    await device.rpcHandler.destroy()
  }
  await discoverer.stop()
  say({ done: true })
  process.exit(0)
}

main().catch(fail)
