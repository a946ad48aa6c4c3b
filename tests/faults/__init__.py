"""One named test for each fault that a notebook meets, in the vehicle where it really happens.

The first line of each test's docstring is the promise. Every run takes short forms; the long ones, such as
200 rounds of kill -9, come with ``python -m tests.faults --rounds 200``.

| file | vehicle | faults |
|---|---|---|
| `test_simulated.py` | kernel end, model views, a wire that lies, a virtual clock | 4, 5, 9, 25, 26 |
| `test_socket.py` | a real jupyter_server and kernel, a raw websocket | 2, 3, 7, 11, 12 |
| `test_browser.py` | JupyterLab in a real Chromium | 1, 6, 9, 13, 24 |
| `test_processes.py` | processes, threads, signals, kill -9 | 8, 10, 14, 16, 27 |
| `test_disk.py` | a file that fails, is older, newer, damaged | 15, 17, 18 |
"""
