"""Tests of the faults that a notebook meets, each in the environment where it really happens.

The first line of a test's docstring says what a user can rely on. Every run uses short forms; the
long ones, such as 200 rounds of kill -9, are run by ``python -m tests.faults --rounds 200``.

| file | environment | faults |
|---|---|---|
| `test_simulated.py` | kernel end, model views, lossy wire, virtual clock | lost and late messages |
| `test_socket.py` | a real jupyter_server and kernel, a raw websocket | dropped connections, floods |
| `test_browser.py` | JupyterLab in a real Chromium | reloads, restarts, two tabs, a killed browser |
| `test_processes.py` | processes, threads and signals | kill -9, concurrent kernels, Ctrl-C |
| `test_disk.py` | SQLite files | failing writes, other versions, damaged bytes |
"""
