# SPDX-License-Identifier: BSD-3-Clause
# Part of _core.pyx: from an object to an operand of a layout, or a refusal. No element is read here.

# An array as it is when the call begins: Python code that runs before the op (an index, a number) cannot reshape it.
# `buffer` keeps the memory of what is no plain ndarray; the caller's reference keeps that of one.
cdef struct Operand:
    char *data
    so_dtype dtype
    bint writable
    int ndim
    Py_ssize_t shape[SO_MAX_NDIM]
    Py_ssize_t stride[SO_MAX_NDIM]
    Py_buffer buffer
    bint holds_buffer
    PyObject *original  # of a packed copy: what the caller passed


cdef class _Packed:
    """The copy of an operand that the contiguous path works on. Refusals describe the original."""
    cdef object array, original


cdef str _numbers(const Py_ssize_t *values, int ndim):
    return "(" + ",".join([str(values[axis]) for axis in range(ndim)]) + ")"


cdef str _layout_text(Operand *operand):
    """shape:stride, as in (6,6):(64,8)."""
    cdef Operand original
    if operand.original != NULL:
        _clear(&original)
        try:
            _hold(&original, <object> operand.original, "", False)
            return _layout_text(&original)
        finally:
            _release(&original)
    return f"{_numbers(operand.shape, operand.ndim)}:{_numbers(operand.stride, operand.ndim)}"


cdef str _describe(str name, Operand *operand):
    return f"{name} is {DTYPES[<int> operand.dtype]} {_layout_text(operand)}"


cdef object _unreadable(str name, str got):
    return TypeError(
        f"{name} is {got}; strideops reads int8 to int64, uint8 to uint64, float32 and float64 in native byte order "
        f"in place. Convert it first, which is a copy: {name} = np.asarray({name}).astype('float64')"
    )


cdef int _dtype_from_format(const char *format, Py_ssize_t itemsize) noexcept:
    """The so_dtype of a buffer's struct format, -1 for what is no number of ours, -2 for a foreign byte order."""
    cdef int size_class, first
    cdef bint foreign = False
    if format == NULL:
        format = b"B"
    if format[0] == b"@" or format[0] == b"=" or format[0] == b"^":
        format += 1
    elif format[0] == b"<" or format[0] == b">" or format[0] == b"!":
        foreign = (format[0] == b"<") != _little_endian
        format += 1
    if format[0] == 0 or format[1] != 0:
        return -1
    if format[0] in b"bhilqn":
        first = SO_INT8
    elif format[0] in b"BHILQN":
        first = SO_UINT8
    elif format[0] in b"fd":
        first = SO_FLOAT32 - 2
    else:
        return -1
    # The size that the letter stands for: ctypes gives unions the letter of a byte. "l" and "n" depend on the platform.
    if format[0] in b"bB" and itemsize == 1:
        size_class, foreign = 0, False
    elif format[0] in b"hH" and itemsize == 2:
        size_class = 1
    elif format[0] in b"iIlLnNf" and itemsize == 4:
        size_class = 2
    elif format[0] in b"lLnNqQd" and itemsize == 8:
        size_class = 3
    else:
        return -1
    return -2 if foreign else first + size_class


cdef bint _has_ignored_mask(object obj):
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(obj, masked.MaskedArray)


cdef void _clear(Operand *operand) noexcept:
    """Holds nothing yet: may be released."""
    operand.holds_buffer = False
    operand.original = NULL


cdef void _release(Operand *operand) noexcept:
    if operand.holds_buffer:
        PyBuffer_Release(&operand.buffer)


cdef bint _read_ndarray(Operand *operand, object obj) noexcept:
    """What an operand needs of a plain ndarray; False for another object, and for a dtype that is not read in place."""
    cdef int axis, dtype
    cdef so_numpy_array *array = _fields(obj)
    if type(obj) is not _ndarray or not 0 <= array.dtype.number < NUMBERS or array.dtype.byteorder == _foreign_order:
        return False
    dtype = _dtype_of_number[array.dtype.number]
    if dtype < 0:
        return False
    operand.data = array.data
    operand.dtype = <so_dtype> dtype
    operand.writable = array.flags & (SO_NUMPY_WRITEABLE | SO_NUMPY_WARN_ON_WRITE) == SO_NUMPY_WRITEABLE
    operand.ndim = array.ndim
    for axis in range(array.ndim):
        operand.shape[axis] = array.shape[axis]
        operand.stride[axis] = array.strides[axis]
    return True


cdef int _read_buffer(Operand *operand, object obj, str name) except -1:
    """The same of any other exporter; refuses what is no strided array of numbers."""
    cdef Py_buffer *buffer = &operand.buffer
    cdef Py_ssize_t length
    cdef int axis, dtype
    if not PyObject_CheckBuffer(obj):
        raise TypeError(
            f"{name} is a {type(obj).__name__}, which exports no buffer. Pass an ndarray or another buffer exporter; "
            f"strideops.asstrided({name}) makes a view without a copy where the object allows one"
        )
    if _has_ignored_mask(obj):
        raise TypeError(f"{name} is a masked array, whose mask would be ignored. Pass {name}.data or {name}.filled()")
    if isinstance(obj, (np.datetime64, np.timedelta64)):  # these export their bytes as if they were numbers
        raise _unreadable(name, type(obj).__name__)
    try:
        PyObject_GetBuffer(obj, buffer, PyBUF_STRIDES | PyBUF_FORMAT)
        operand.holds_buffer = True
    except (BufferError, ValueError) as error:
        got = getattr(obj, "dtype", type(obj).__name__)
        raise _unreadable(name, f"{got}, whose memory cannot be had with strides ({error})") from None
    if buffer.ndim > SO_MAX_NDIM:
        raise TypeError(f"{name} has {buffer.ndim} axes; strideops reads up to {SO_MAX_NDIM}")
    operand.data = <char *> buffer.buf
    operand.writable = not buffer.readonly
    operand.ndim = buffer.ndim
    length = buffer.itemsize
    for axis in range(buffer.ndim - 1, -1, -1):
        operand.shape[axis] = buffer.shape[axis]
        operand.stride[axis] = length if buffer.strides == NULL else buffer.strides[axis]
        length *= buffer.shape[axis]
    dtype = _dtype_from_format(buffer.format, buffer.itemsize)
    if dtype < 0:
        got = str(getattr(obj, "dtype", None) or (buffer.format or b"B").decode())
        if dtype == -2:
            got += " in foreign byte order"
        raise _unreadable(name, f"{got} {_layout_text(operand)}")
    operand.dtype = <so_dtype> dtype
    if buffer.suboffsets != NULL or buffer.len != length:
        raise TypeError(
            f"{name} exports a buffer that is not one array with strides: {_layout_text(operand)} of "
            f"{buffer.itemsize} bytes each, but a length of {buffer.len} bytes"
        )
    return 0


cdef int _hold(Operand *operand, object obj, str name, bint target) except -1:
    """Hold the object's memory where it lies. The caller releases the operand, also after an error."""
    if type(obj) is _Packed:
        operand.original = <PyObject *> (<_Packed> obj).original
        obj = (<_Packed> obj).array
    if not _read_ndarray(operand, obj):
        _read_buffer(operand, obj, name)
    if target and not operand.writable:
        raise ValueError(f"{_describe(name, operand)} and read-only. Pass an array whose flags.writeable is True")
    return 0


cdef int _require_one_dtype(Operand *a, str a_name, Operand *b, str b_name) except -1:
    if a.dtype != b.dtype:
        raise TypeError(
            f"{_describe(a_name, a)} but {_describe(b_name, b)}: a cast would be a copy. "
            f"Make it yourself: {b_name}.astype('{DTYPES[<int> a.dtype]}')"
        )
    return 0


cdef bint _same_shape(Operand *a, Operand *b) noexcept:
    cdef int axis
    if a.ndim != b.ndim:
        return False
    for axis in range(a.ndim):
        if a.shape[axis] != b.shape[axis]:
            return False
    return True


cdef void _place_first(so_layout *layout, Operand *operand) noexcept:
    """Operand 0 gives the layout its shape."""
    cdef int axis
    layout.ndim = operand.ndim
    layout.noperands = 1
    layout.data[0] = operand.data
    for axis in range(layout.ndim):
        layout.shape[axis] = operand.shape[axis]
        layout.stride[0][axis] = operand.stride[axis]


cdef int _place_broadcast(so_layout *layout, Operand *operand) noexcept:
    """The next operand, stretched to the layout's shape; -1 where it does not fit."""
    cdef int axis, own, lead = layout.ndim - operand.ndim, k = layout.noperands
    for own in range(-lead):
        if operand.shape[own] != 1:
            return -1
    for axis in range(layout.ndim):
        own = axis - lead
        if own >= 0 and operand.shape[own] == layout.shape[axis]:
            layout.stride[k][axis] = operand.stride[own]
        elif own < 0 or operand.shape[own] == 1:
            layout.stride[k][axis] = 0
        else:
            return -1
    layout.data[k] = operand.data
    layout.noperands = k + 1
    return 0


cdef void _place_element(so_layout *layout, void *element) noexcept:
    """The next operand is one element."""
    cdef int axis, k = layout.noperands
    for axis in range(layout.ndim):
        layout.stride[k][axis] = 0
    layout.data[k] = <char *> element
    layout.noperands = k + 1


cdef int _require_shape(int placed, str name, Operand *operand, str target_name, Operand *target) except -1:
    if placed < 0:
        raise ValueError(
            f"{_describe(name, operand)}, which does not broadcast to {_describe(target_name, target)}. "
            f"Counted from the last axis, {name} must have length 1, or no axis, where it is not as long as "
            f"{target_name}"
        )
    return 0


cdef int _require_target_apart(so_layout *layout, Operand *target, str name) except -1:
    overlap = so_overlaps_itself(layout, 0, so_itemsize(target.dtype))
    if overlap == SO_DISJOINT:
        return 0
    raise ValueError(
        f"{_describe(name, target)} and {'overlaps' if overlap == SO_SHARED else 'may overlap'} itself: where elements "
        f"share memory, a result depends on the order. Pass the array that owns the memory, or a copy"
    )


cdef int _require_apart(
    so_layout *layout, int target_at, Operand *target, str target_name,
    int source_at, Operand *source, str name, str verb,
) except -1:
    """The two operands of the layout share no memory."""
    overlap = so_overlaps(layout, target_at, source_at, so_itemsize(target.dtype))
    if overlap == SO_DISJOINT:
        return 0
    raise ValueError(
        f"{_describe(name, source)} and {verb + 's' if overlap == SO_SHARED else 'may ' + verb} "
        f"{_describe(target_name, target)}: elements would be overwritten before they are read. "
        f"Pass {name}.copy(), or use strideops.contiguous, which packs first"
    )
