"""gunicorn behind nginx, started by systemd's socket: requests that arrive during a restart wait in the socket."""

workers = 3
threads = 4
timeout = 60
# A restart lets each request under way end.
graceful_timeout = 30
# nginx keeps the access log, without queries and without the secrets of links.
accesslog = None
control_socket_disable = True
