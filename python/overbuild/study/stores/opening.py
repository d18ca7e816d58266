"""Results of earlier runs, from where they were stored."""

from __future__ import annotations

import os

import xarray as xr

from overbuild.study.results import Result


def open_result(path: str | os.PathLike[str]) -> Result:
    """Open the draws that a run has stored, whether it was completed or not.

    Parameters
    ----------
    path : path
        What was given to :meth:`Study.run` as `store`.

    Returns
    -------
    Result
        With as many draws as are complete (attribute ``draws`` of the data set), lazily: they
        are read when they are needed, and must stay where they are.

    Raises
    ------
    ValueError
        If there is no store of a study at `path`, or it has no draw yet.
    ImportError
        If Zarr and Dask are not installed.

    Notes
    -----
    A store is a Zarr group that any reader of the format can open; its attribute ``overbuild``
    has the number of draws that are complete, which is the end of what counts.

    Source: the Zarr core specification, version 3.

    Examples
    --------
    >>> import tempfile
    >>> import overbuild as ob
    >>> study = ob.Study(lambda price: {"revenue": 8_760 * price}, {"price": ob.between(2, 4)})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = study.run(draws=1024, store=f"{folder}/draws")
    ...     ob.open_result(f"{folder}/draws").dataset.sizes["draw"]
    1024
    """
    from overbuild.study.stores import stored  # Zarr and Dask are an extra

    folder = stored.as_folder(path)
    about = stored.read_about(folder)
    if about["done"] == 0:
        msg = f"store {folder} has no draw yet"
        raise ValueError(msg)
    attrs = {key: about[key] for key in ("model", "seed", "replicates")}
    variables = stored.read_variables(folder, about)
    return Result(xr.Dataset(variables, attrs={**attrs, "draws": about["done"]}))
