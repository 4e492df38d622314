"""Set-up tools of the checkout: what `make` needs beyond Python packages. Not installed."""
