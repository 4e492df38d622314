"""The site's own certificate authority: the only room that knows X.509."""
