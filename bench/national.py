"""Times the figures of a country beside bare SQL of the same figures, on rows made straight in PostgreSQL.

    python -m bench.national [--sites 50] [--years 1] [--visits 10] [--rounds 5] [--keep]

A space has about thirty appointments a day: 2 800 spaces and one year are some 20 million. The last line is one JSON
object.
"""

import argparse
import json
import os
import subprocess
import sys

from . import servers

# At most so many times the bare SQL, or so many seconds.
AIMS = {"site_year_vs_sql": 1.5, "national_page_seconds": 2.0}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.national", description="Mesure les chiffres (voir docs/mesures.md).")
    parser.add_argument("--sites", type=int, default=50, help="espaces")
    parser.add_argument("--years", type=int, default=1, help="années civiles, la dernière étant l’an dernier")
    parser.add_argument("--visits", type=int, default=10, help="passages par espace et par jour")
    parser.add_argument("--rounds", type=int, default=5, help="passages de chaque mesure")
    parser.add_argument("--keep", action="store_true", help="garde la base pour le passage suivant")
    options = parser.parse_args(arguments)
    name = f"bench_national_{options.sites}_{options.years}" + ("" if options.keep else f"_{os.getpid()}")
    with servers.server_url() as server, servers.own_database(server, name, keep=options.keep) as database:
        facts = measured(database, options)
    result = {
        "site_month_vs_sql": facts["site_month"]["ratio"],
        "site_year_vs_sql": facts["site_year"]["ratio"],
        "partner_month_vs_sql": facts["partner_month"]["ratio"],
        "national_year_vs_sql": facts["national_year"]["ratio"],
        "national_page_seconds": round(facts["page_seconds"], 3),
        **facts,
    }
    print()
    for name, most in AIMS.items():
        print(f"{name:40}{result[name]:>10}   but ≤ {most} : {'atteint' if result[name] <= most else 'manqué'}")
    print(json.dumps(result, ensure_ascii=False))
    return 0


def measured(database: str, options: argparse.Namespace) -> dict:
    """What the measures say of the database, filled; their lines are printed as they come."""
    asked = {name: getattr(options, name) for name in ("sites", "years", "visits", "rounds")}
    command = [sys.executable, "-m", "bench.national_measures"]
    for name, value in asked.items():
        command += [f"--{name}", str(value)]
    # The page is asked for by an account of these measures, without a telephone.
    environment = servers.environment(database) | {"SECOND_FACTOR_ROLES": ""}
    with subprocess.Popen(command, cwd=servers.CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        last = ""
        for line in process.stdout:
            if last:
                print(last, flush=True)
            last = line.rstrip("\n")
    if process.returncode:
        raise SystemExit(f"bench.national_measures ended with {process.returncode}: {last}")
    return json.loads(last)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
