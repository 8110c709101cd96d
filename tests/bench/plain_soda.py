"""Plain soda-core on the compiled checks, with samples and telemetry off, as its users would run it."""

import logging
import sys
from pathlib import Path


def main(host: str, database: str, schema: str, checks: str) -> None:
    """Scan the compiled file; exit with Soda's own code."""
    from soda.common.config_helper import ConfigHelper

    ConfigHelper.get_instance(str(Path(checks).with_name("soda-config.yml")))
    from soda.scan import Scan

    logging.disable(logging.CRITICAL)
    scan = Scan()
    scan.set_data_source_name("bench")
    scan.add_configuration_yaml_str(
        f"data_source bench:\n  type: postgres\n  host: {host}\n  username: postgres\n"
        f"  database: {database}\n  schema: {schema}\n  sampler:\n    samples_limit: 0\n"
    )
    scan.add_sodacl_yaml_file(checks)
    sys.exit(scan.execute())


if __name__ == "__main__":
    main(*sys.argv[1:5])
