"""Counts how often it was started, in a record that it finds again the next time."""

import contextlib

import pannier


def main() -> None:
    """Count this start, and print how many there were."""
    key = pannier.key("demo", "starts")
    # The address stands in PANNIER_ADDRESS.
    with pannier.connect() as store:
        with contextlib.suppress(pannier.AlreadyExists):
            store.create(key, b"0")
        record = store.update(key, lambda data: b"%d" % (int(data) + 1))
    print(f"start {int(record.data)}, version {record.version}")


if __name__ == "__main__":
    main()
