"""网上服务大厅: the public's window; no models, no rules."""
