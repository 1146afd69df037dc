// Signing in by OpenID Connect (authorization code with PKCE).  OIDC_ISSUER turns
// it on.  Who somebody is here is in console.staff_identity; the provider only
// says who is at the keyboard.  What has to be remembered on the way there and
// back is in a cookie of that browser, which the answer must fit.

import { Problem } from './errors.js'
import { m } from './words.js'

const minutes = 10

export function createOidc({ issuer, clientId, clientSecret, claim, publicUrl, behindTls }) {
  if (!issuer) return null
  const callback = new URL('/sign-in/openid/callback', publicUrl)
  const cookieName = behindTls ? '__Host-openid' : 'openid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: behindTls, maxAge: minutes * 60 }

  // Read when somebody first wants to sign in, and again if that failed: a
  // provider that is away is no reason not to start.
  let known
  async function provider() {
    const library = await import('openid-client')
    known ??= library.discovery(new URL(issuer), clientId, clientSecret, undefined, {
      execute: issuer.startsWith('http:') ? [library.allowInsecureRequests] : [],
      timeout: 10,
    })
    try {
      return { library, provider: await known }
    } catch (error) {
      known = undefined
      throw Object.assign(new Problem(503, m('The sign-in service does not answer at the moment. Try again in a minute.')), { cause: error })
    }
  }

  // Where to send a browser that wants to sign in.
  async function begin(next, reply) {
    const { library, provider: at } = await provider()
    const state = library.randomState()
    const nonce = library.randomNonce()
    const verifier = library.randomPKCECodeVerifier()
    reply.setCookie(cookieName, Buffer.from(JSON.stringify({ state, nonce, verifier, next })).toString('base64url'), cookie)
    return library.buildAuthorizationUrl(at, {
      redirect_uri: callback.href,
      scope: 'openid email profile',
      state,
      nonce,
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).href
  }

  function remembered(request) {
    try {
      return JSON.parse(Buffer.from(request.cookies[cookieName] ?? '', 'base64url'))
    } catch {
      return null
    }
  }

  // What the provider says: { identity, next }; identity is null if it says nothing that can be trusted.
  async function end(request, reply) {
    const sent = remembered(request)
    reply.clearCookie(cookieName, { ...cookie, maxAge: undefined })
    if (!sent) throw new Problem(400, m('Signing in took too long, or began in another browser. Try again.'))
    const { library, provider: at } = await provider()
    let claims
    try {
      const tokens = await library.authorizationCodeGrant(at, new URL(request.url, callback), {
        pkceCodeVerifier: sent.verifier, expectedState: sent.state, expectedNonce: sent.nonce, idTokenExpected: true,
      })
      claims = tokens.claims()
      if (claims[claim] === undefined) claims = { ...await library.fetchUserInfo(at, tokens.access_token, claims.sub), ...claims }
    } catch (error) {
      request.log.info({ err: error }, 'signing in by OpenID Connect failed')
      throw new Problem(401, m('The sign-in service did not confirm who you are. Try again.'))
    }
    const isTrusted = typeof claims[claim] === 'string' && (claim !== 'email' || claims.email_verified === true)
    return { identity: isTrusted ? claims[claim] : null, next: sent.next }
  }

  return { begin, end }
}
