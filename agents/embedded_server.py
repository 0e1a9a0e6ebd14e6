"""The process that serves the embedded model, until its parent process ends.

Run as `python -m gedanken.agents.embedded_server WEIGHTS THREADS PORT`; port 0 means any free port. The API key is
read from standard input, and the server's address is printed. The process exits when standard input closes.
"""

import os
import sys

CONTEXT_TOKENS = 16_384


def main() -> None:
    """Serve until standard input ends."""
    import faulthandler

    import xllamacpp

    faulthandler.enable()

    key = sys.stdin.readline().strip()
    weights, threads, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.model_alias = {"embedded"}
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.api_keys = [key]
    params.ui = False
    params.verbosity = 0
    # Cached states of earlier prompts would make a reply depend on earlier requests.
    params.cache_ram_mib = 0
    params.speculative.types = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
