"""Becomes another program: ``python -I -S launch.py SIGNAL PARENT USER FOLDER PROGRAM ARG...``.

`subprocess` could do all but the death signal, which must be set after the change of user (the
kernel clears it there), hence in a ``preexec_fn``, which is not safe beside other threads.
Runs without site-packages, so it costs some 15 ms; imports nothing after the change of user, which
may not be able to read the interpreter's folder.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    death_signal, parent, user = (int(word) for word in sys.argv[1:4])
    folder, program, *arguments = sys.argv[4:]
    os.setsid()  # Ctrl-C is for the command alone, which then stops its servers in order
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python, to be inherited otherwise
        signal.signal(number, signal.SIG_DFL)
    try:
        os.chdir(folder)  # now, as root can enter the folders above it and the user may not
        if user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        if death_signal and sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:  # it ended before we asked to be told
                sys.exit(1)
        os.execv(program, [program, *arguments])  # noqa: S606 - our own paths, no shell wanted
    except OSError as error:
        sys.exit(f"FATAL:  {program} cannot be started in {folder}: {error.strerror}")


if __name__ == "__main__":
    main()
