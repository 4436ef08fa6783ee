'use strict';

// Scalar over this server's own OpenAPI document, with the key that the page at / was given in this tab.

const byId = id => document.getElementById(id);

async function show() {
  const key = sessionStorage.getItem('key') ?? '';
  const response = await fetch('openapi/v1.json', { headers: key ? { authorization: `Bearer ${key}` } : {} }).catch(() => null);
  byId('key-form').hidden = response?.status !== 401;
  byId('status').textContent = response?.ok ? '' : response === null ? 'The server does not answer.'
    : response.status === 401 ? 'The document needs a key.' : `The server answered ${response.status}.`;
  if (!response?.ok) return;
  Scalar.createApiReference('#reference', {
    content: await response.text(),
    baseServerURL: new URL('.', location.href).href.replace(/\/$/, ''),
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: 'never',
    hideClientButton: true,
    defaultOpenAllTags: false,
    authentication: key ? { preferredSecurityScheme: 'Bearer', securitySchemes: { Bearer: { token: key } } } : {},
  });
}

byId('key-form').addEventListener('submit', event => {
  event.preventDefault();
  sessionStorage.setItem('key', byId('key').value.trim());
  show();
});
show();
