// SPDX-License-Identifier: BSD-3-Clause
// Copies as C++ makes them.
#include <algorithm>
#include <cstdlib>
#include <list>
#include <memory>
#include <numeric>
#include <valarray>
#include <vector>

#define ARGUMENTS const double *x, long stride, long rows, long columns

extern "C" {

double to_new(ARGUMENTS)
{
    double *to = new double[rows * columns];
    for (long i = 0; i < rows; i++)
        std::copy(x + i * stride, x + i * stride + columns, to + i * columns);
    double last = to[rows * columns - 1];
    delete[] to;
    return last;
}

double to_vector(ARGUMENTS)
{
    std::vector<double> to;
    for (long i = 0; i < rows; i++)
        to.insert(to.end(), x + i * stride, x + i * stride + columns);
    return to.back();
}

double to_vector_one_by_one(ARGUMENTS)
{
    std::vector<double> to;
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < columns; j++)
            to.push_back(x[i * stride + j]);
    return to.back();
}

double to_unique_ptr(ARGUMENTS)
{
    auto to = std::make_unique<double[]>(rows * columns);
    for (long i = 0; i < rows; i++)
        std::copy_n(x + i * stride, columns, to.get() + i * columns);
    return to[0];
}

double to_valarray(ARGUMENTS)
{
    double sum = 0;
    for (long i = 0; i < rows; i++)
        sum += std::valarray<double>(x + i * stride, columns)[0];
    return sum;
}

double to_list(ARGUMENTS)
{
    std::list<double> to;
    for (long i = 0; i < rows; i++)
        to.insert(to.end(), x + i * stride, x + i * stride + columns);
    return to.back();
}

double accumulate_in_place(ARGUMENTS)
{
    double sum = 0;
    for (long i = 0; i < rows; i++)
        sum = std::accumulate(x + i * stride, x + i * stride + columns, sum);
    return sum;
}
}
