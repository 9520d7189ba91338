"""A daemon that is born again after each SIGKILL, with the tick of a real one: ``chaos_daemon.py HOME - OVERRIDE…``."""

import sys

import killed_daemon

killed_daemon.TICK = 0.5

if __name__ == "__main__":
    sys.exit(killed_daemon.main(sys.argv[1:]))
