"""Records what Apache ZooKeeper 3.8 (Debian's package) answers to the cases of the manifest; run in tests/ as
`python3 -m interop.golden.record`. Only a changed manifest needs it; look at the diff before you commit it."""

from interop.golden import recording


def main():
    with recording.AsItComes("zookeeper") as server:
        recording.write(recording.play(server.servers[0].address))


if __name__ == "__main__":
    main()
