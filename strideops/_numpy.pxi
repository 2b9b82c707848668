# SPDX-License-Identifier: BSD-3-Clause
# Part of _core.pyx: ndarrays and NumPy scalars through NumPy's C ABI. No element of an array is read here.

cdef extern from "_numpy_abi.h":
    enum:
        SO_NUMPY_NEW
        SO_NUMPY_WRITEABLE
        SO_NUMPY_WARN_ON_WRITE
    ctypedef struct so_numpy_dtype:
        char byteorder
        int number
    ctypedef struct so_numpy_array:
        char *data
        int ndim
        Py_ssize_t *shape
        Py_ssize_t *strides
        so_numpy_dtype *dtype
        int flags
    ctypedef object so_numpy_new(
        PyTypeObject *type,
        object stolen_dtype,
        int ndim,
        const Py_ssize_t *shape,
        const Py_ssize_t *strides,
        void *data,
        int flags,
        PyObject *parent,
    )
    object so_numpy_scalar(PyTypeObject *scalar_type, const void *value, size_t size)
    void **so_numpy_api() except NULL

DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
cdef tuple _dtype = tuple(np.dtype(name) for name in DTYPES)
cdef tuple _scalar_type = tuple(dtype.type for dtype in _dtype)
cdef object _ndarray = np.ndarray
cdef bint _little_endian = sys.byteorder == "little"
cdef char _foreign_order = ord(">" if _little_endian else "<")
cdef so_numpy_new *_make_array = <so_numpy_new *> so_numpy_api()[SO_NUMPY_NEW]

# By NumPy's number of a type; bool, the first, is none of ours.
cdef enum:
    NUMBERS = 13
cdef int[NUMBERS] _dtype_of_number = [
    -1 if code == "?" else DTYPES.index(np.dtype(code).name) for code in "?bBhHiIlLqQfd"
]


cdef inline so_numpy_array *_fields(object array) noexcept:
    return <so_numpy_array *> <PyObject *> array


cdef object _new_array(int ndim, const Py_ssize_t *shape, const Py_ssize_t *strides, so_dtype dtype):
    """An array of its own memory; no strides mean C order."""
    dtype_object = _dtype[<int> dtype]
    Py_INCREF(dtype_object)
    return _make_array(<PyTypeObject *> _ndarray, dtype_object, ndim, shape, strides, NULL, 0, NULL)


cdef object _scalar(so_dtype dtype, const void *address):
    """The NumPy scalar of one element, at any alignment."""
    return so_numpy_scalar(<PyTypeObject *> _scalar_type[<int> dtype], address, so_itemsize(dtype))


cdef bint _is_as_python_sees_it(array):
    cdef so_numpy_array *fields = _fields(array)
    return (
        (<size_t> fields.data, fields.ndim) == (array.__array_interface__["data"][0], array.ndim)
        and tuple([fields.shape[axis] for axis in range(array.ndim)]) == array.shape
        and tuple([fields.strides[axis] for axis in range(array.ndim)]) == array.strides
        and (chr(fields.dtype.byteorder), fields.dtype.number) == (array.dtype.byteorder, array.dtype.num)
        and bool(fields.flags & SO_NUMPY_WRITEABLE) == array.flags.writeable
    )


cdef int _require_known_numpy() except -1:
    ones = [np.ones((), dtype) for dtype in _dtype]
    probes = np.zeros((2, 5))[:, ::-2], np.broadcast_to(np.zeros(3, ">i4"), (2, 3))
    if not (
        all([_is_as_python_sees_it(probe) for probe in probes])
        and all([_scalar(<so_dtype> <int> dtype, _fields(one).data) == 1 for dtype, one in enumerate(ones)])
    ):
        raise ImportError(
            f"strideops knows the ndarrays and scalars of NumPy 2, and those of NumPy {np.__version__} are laid out "
            f"otherwise. Install a newer strideops, or numpy<3"
        )
    return 0


_require_known_numpy()
