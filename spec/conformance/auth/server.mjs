// A token endpoint that nobody here wrote: npm's oidc-provider at Entra ID's paths. It verifies what a client proves itself by: signature,
// algorithm, audience, issuer, times, and that no assertion comes twice; what it leaves out (thumbprints, the chain, the longest life) is
// looked at here. Usage: node server.mjs CERTIFICATE.pem SECRET; prints its address, and serves until it is killed.
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider, { errors } from 'oidc-provider';
import { exportJWK, importX509 } from 'jose';

const [file, secret] = process.argv.slice(2);
const TENANT = '11111111-1111-4111-8111-111111111111';
const SCOPE = 'https://management.azure.com/.default';
const LONGEST = 600;

const pem = readFileSync(file, 'utf8');
const der = new X509Certificate(pem).raw;
const print = (name) => createHash(name).update(der).digest('base64url');
const jwk = await exportJWK(await importX509(pem, 'RS256'));

const server = createServer((request, response) => serve(request, response));
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://localhost:${server.address().port}`;

const application = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: SCOPE };
const accepted = [];

// Entra ID takes more than this; what we send is the strict form that every server takes.
function examine(ctx, claims, header) {
  const refuse = (why) => { throw new errors.InvalidClientAuth(why); };
  const expected = { PS256: ['x5t#S256', print('sha256')], RS256: ['x5t', print('sha1')] }[header.alg] ?? refuse(`alg ${header.alg}`);
  if (header.typ !== 'JWT') refuse('typ');
  if (header[expected[0]] !== expected[1]) refuse(`${expected[0]} is ${header[expected[0]]}, not ${expected[1]}`);
  if (header.x5c && header.x5c[0] !== der.toString('base64')) refuse('x5c does not begin with the certificate');
  if (claims.aud !== `${issuer}/${TENANT}/oauth2/v2.0/token`) refuse('aud is not the token endpoint');
  for (const name of ['nbf', 'exp']) if (!Number.isInteger(claims[name])) refuse(`${name} is no whole number`);
  if (claims.exp - claims.nbf > LONGEST) refuse('it lives too long');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(claims.jti)) refuse('jti is no GUID');
  accepted.push({ header, claims });
}

const provider = new Provider(issuer, {
  clients: [
    { ...application, client_id: 'by-certificate', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
    { ...application, client_id: 'by-secret', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
    { client_id: 'a-person', token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: [], response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'] },
  ],
  scopes: ['openid', 'offline_access', SCOPE],
  cookies: { keys: ['a key that protects nothing'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    clientCredentials: { enabled: true }, deviceFlow: { enabled: true }, devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true, defaultResource: () => 'https://management.azure.com/', useGrantedResource: () => true,
      getResourceServerInfo: (ctx, audience) => ({ scope: `${SCOPE} openid offline_access`, audience, accessTokenTTL: 3599,
        accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
    },
  },
  routes: { token: `/${TENANT}/oauth2/v2.0/token`, device_authorization: `/${TENANT}/oauth2/v2.0/devicecode` },
  assertJwtClientAuthClaimsAndHeader: examine,
});
provider.on('grant.error', (ctx, error) => console.error('refused:', error.error_detail ?? error.error_description));

const oidc = provider.callback();
function serve(request, response) {
  if (request.url !== '/accepted') return oidc(request, response);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(accepted));
}

console.log(issuer);
