"""`python -m samples FOLDER [--size 2000] [--seed 2024]`: writes the spreadsheets of a made-up city."""

import argparse
from pathlib import Path

from samples.city import write_city


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m samples", description="写出虚构城市的全部表格")
    parser.add_argument("folder", type=Path, help="写到哪个文件夹")
    parser.add_argument("--size", type=int, default=2000, help="单位户数")
    parser.add_argument("--seed", type=int, default=2024, help="随机种子")
    given = parser.parse_args()
    write_city(given.folder, size=given.size, seed=given.seed)


if __name__ == "__main__":
    main()
